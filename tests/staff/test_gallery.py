"""The gallery shows every component, and every component is fit to use."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import expect

from helpdesk.staff.views.gallery import components
from tests.browser import PHONE, REFLOW, assert_axe_clean, assert_focus, assert_reflows

ROOT = Path(settings.BASE_DIR)
URL = "/gallery/"


@pytest.mark.parametrize("name", [shown.name for shown in components()])
def test_every_component_has_an_example(name):
    example = ROOT / "templates" / f"staff/gallery/{name}.html"
    assert example.is_file(), f"Show {name} in templates/staff/gallery/{name}.html."


@pytest.mark.django_db
def test_gallery_lists_every_component(client):
    page = client.get(URL).content.decode()
    assert re.findall(r'data-component="([^"]+)"', page) == [shown.name for shown in components()]


@pytest.mark.parametrize("folder", [shown.name.split("/")[0] for shown in components()])
def test_styles_of_a_component_bear_its_name(folder):
    own_style = {"messages": "toast", "toast_blank": "toast", "kbd": "keys", "side_toggle": "panes"}
    name = own_style.get(folder, folder)
    assert (ROOT / f"static/css/components/{name}.css").is_file()
    assert f"components/{name}.css" in (ROOT / "static/css/app.css").read_text()


def test_templates_hold_no_inline_script_or_style():
    """The content security policy would block them; mails have no such policy and no other way."""
    script = r"""<script(?![^>]*(\ssrc=|\stype="application/json"))"""
    inline = re.compile(rf"<style|\sstyle=|{script}|\son[a-z]+=|hx-on|javascript:", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in (ROOT / "templates").rglob("*.html")
        if "integrations" not in path.parts
        for line in path.read_text().splitlines()
        if inline.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(("folder", "kilobytes"), [("css", 30), ("js", 60)])
def test_what_a_page_loads_stays_small(folder, kilobytes):
    """As sent, each file compressed by itself (ux.md 6.2)."""
    sent = sum(len(gzip.compress(p.read_bytes())) for p in (ROOT / "static" / folder).rglob("*.*"))
    assert sent <= kilobytes * 1000


@pytest.mark.e2e
@pytest.mark.parametrize("path", [URL, f"{URL}panes/?show=ticket"])
@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 1440), ("light", REFLOW)])
def test_gallery_is_accessible(browser, path, theme, width):
    page = browser.open(path, theme=theme, width=width)
    assert_reflows(page)
    assert_axe_clean(page)


@pytest.mark.e2e
def test_contrast_holds_when_more_is_asked_for(browser):
    assert_axe_clean(browser.open(URL, contrast="more"))


@pytest.mark.e2e
def test_works_without_scripts(browser):
    page = browser.open(URL, javascript=False)
    page.get_by_role("button", name="Send and…").click()
    expect(page.get_by_text("Send, still our turn").last).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Merge…").first.click()
    expect(page.get_by_role("dialog", name="Merge #1042")).to_be_visible()


@pytest.mark.e2e
def test_phone_reaches_every_place_by_the_bar(browser):
    page = browser.open(URL, width=PHONE)
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    page.get_by_role("navigation", name="Shortcuts").get_by_text("More").click()
    expect(page.get_by_role("link", name="Gold due")).to_be_visible()


@pytest.mark.e2e
def test_targets_are_large_enough_for_a_finger(browser):
    page = browser.open(URL, width=PHONE)
    heights = page.locator(".button:not(.button--small):visible").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44


@pytest.mark.e2e
def test_dialog_gives_focus_back(browser):
    page = browser.open(URL)
    page.get_by_role("button", name="Merge…").first.click()
    page.keyboard.press("Escape")
    assert_focus(page, "[commandfor=example-dialog]")


@pytest.mark.e2e
def test_theme_is_kept_without_a_flash(browser):
    page = browser.open(URL, theme="light")
    page.locator("#main header [value=dark]").check(force=True)
    answer = page.request.get(URL)
    assert 'data-theme="dark"' in answer.text()
