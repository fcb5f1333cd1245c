"""A real Chromium for the tests: pages under the product's own policy, axe, focus.

@pytest.mark.e2e
def test_list(browser, agent_client):
    page = browser.open("/inbox/", login=agent_client, theme="dark", width=320)
    assert_axe_clean(page)
    page.keyboard.press("j")
    assert_focus(page, "[data-row-link]")
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
PHONE = 390
REFLOW = 320


@dataclass
class Browsing:
    """Opens pages of the live server; remembers what their consoles complained about."""

    chromium: Browser
    base: str
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(
        self,
        path: str,
        *,
        login: Client | None = None,
        theme: str = "light",
        width: int = 1280,
        height: int = 900,
        javascript: bool = True,
        **options: Any,
    ) -> Page:
        """A page in a fresh context, loaded and quiet.

        `login` is a signed-in test client whose cookies are taken over; `theme` light or dark;
        a `width` under 700 is a phone with touch; `options` go to Playwright's `new_context`.
        """
        phone = {"has_touch": True, "is_mobile": True} if width < 700 else {}
        size = {"width": width, "height": height}
        context = self.chromium.new_context(
            base_url=self.base, viewport=size, java_script_enabled=javascript, **phone, **options
        )
        self.contexts.append(context)
        cookies = {"theme": theme, **(_cookies(login) if login else {})}
        context.add_cookies(
            [{"name": name, "value": value, "url": self.base} for name, value in cookies.items()]
        )
        page = context.new_page()
        page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path, wait_until="load")
        if javascript:
            wait_until_ready(page)
        return page


def wait_until_ready(page: Page) -> None:
    """Until the scripts of a page have taken hold of it; before, keys do nothing."""
    page.wait_for_selector("html[data-ready='']", state="attached")


def _cookies(client: Client) -> dict[str, str]:
    return {name: morsel.value for name, morsel in client.cookies.items()}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    # Playwright's loop runs in this thread, which Django then takes for asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def browser(chromium, live_server) -> Iterator[Browsing]:
    """Opens pages; at the end no console may have complained (a blocked script, an error)."""
    browsing = Browsing(chromium, live_server.url)
    yield browsing
    for context in browsing.contexts:
        context.close()
    assert browsing.complaints == []


def assert_axe_clean(page: Page, context: str | None = None) -> None:
    """No violation of WCAG 2.2 A and AA on the page, or in the part that `context` selects."""
    # Preloading would copy the style sheets into the page, which its policy forbids.
    options = {"runOnly": WCAG, "resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, context=context, options=options).response["violations"]
    lines = [
        f"{violation['id']}: {violation['help']}: {node['target']} {node.get('failureSummary', '')}"
        for violation in found
        for node in violation["nodes"]
    ]
    assert not lines, "\n".join(lines)


def assert_focus(page: Page, selector: str) -> None:
    """Keyboard focus is, or within a moment comes to be, on the element."""
    expect(page.locator(selector)).to_be_focused()


def assert_reflows(page: Page) -> None:
    """Nothing makes the page wider than the screen (WCAG 1.4.10)."""
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"The page is {wide} px too wide."


def set_theme(page: Page, theme: str) -> None:
    """Light, dark, or "" for as the system has it, without a reload."""
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)


def set_width(page: Page, width: int, *, height: int = 900) -> None:
    """Another width of the window."""
    page.set_viewport_size({"width": width, "height": height})


_WHOLE_HEIGHT = """() => {
  const hidden = [...document.querySelectorAll("body *")]
    .filter(part => ["auto", "scroll"].includes(getComputedStyle(part).overflowY))
    .map(part => part.scrollHeight - part.clientHeight);
  return document.documentElement.scrollHeight + Math.max(0, ...hidden);
}"""


def show_whole(page: Page) -> None:
    """Make the window as tall as the page and all that scrolls in it: no bar then lies over what
    one could scroll to."""
    size = page.viewport_size
    assert size
    tall = page.evaluate(_WHOLE_HEIGHT)
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], tall)})
