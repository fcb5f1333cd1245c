"""The small scripts: keys, focus, lists, live regions; driven in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser import assert_focus

pytestmark = pytest.mark.e2e
URL = "/gallery/"

# A button that htmx swaps in a fragment for; the fragment comes from `page.route`.
ADD_TRIGGER = """attributes => {
  const main = document.getElementById("main");
  main.insertAdjacentHTML("afterbegin",
    `<div id="place"></div><button id="go" ${attributes}>Go</button>`);
  htmx.process(main);
}"""


@pytest.fixture
def page(browser):
    return browser.open(URL)


@pytest.fixture
def swap(page):
    """Answer an htmx request with `body`, and click what asks for it."""

    def _swap(body, *, attributes="", status=200):
        answer = {"status": status, "content_type": "text/html", "body": body}
        page.route("**/fragment/", lambda route: route.fulfill(**answer))
        page.evaluate(ADD_TRIGGER, f'hx-get="/fragment/" {attributes} hx-target="#place"')
        page.locator("#go").click()

    return _swap


def clicks(page, hotkey):
    """Count the clicks on the element of a key, from now on."""
    page.evaluate(
        """key => { window.clicks = 0; document.querySelector(`[data-hotkey="${key}"]`)
        .addEventListener("click", event => { event.preventDefault(); window.clicks++ }) }""",
        hotkey,
    )
    return lambda: page.evaluate("window.clicks")


def test_plain_key_acts(page):
    count = clicks(page, "t")
    page.keyboard.press("t")
    assert count() == 1


def test_sequence_acts(page):
    count = clicks(page, "g i")
    page.keyboard.press("g")
    page.keyboard.press("i")
    assert count() == 1


@pytest.mark.parametrize("field", ["#id_subject", "#id_body", "#reply-a-body"])
def test_keys_are_dead_where_one_types(page, field):
    count = clicks(page, "t")
    page.locator(field).focus()
    page.keyboard.type("take that? g i x")
    assert count() == 0
    assert page.locator(field).input_value() == "take that? g i x"
    expect(page.locator("#key-help")).to_be_hidden()


@pytest.mark.parametrize(
    "modifier", ["isComposing: true", "altKey: true", "modifierAltGraph: true"]
)
def test_input_methods_and_alt_keep_their_keys(page, modifier):
    count = clicks(page, "t")
    page.evaluate(
        f"""() => document.body.dispatchEvent(
        new KeyboardEvent("keydown", {{key: "t", code: "KeyT", bubbles: true, {modifier}}}))"""
    )
    assert count() == 0


def test_characters_of_alt_gr_type(page):
    page.locator("#id_subject").focus()
    page.keyboard.type("ąęóś@€")
    assert page.locator("#id_subject").input_value() == "ąęóś@€"


def test_cyrillic_layout_uses_the_same_places(page):
    count = clicks(page, "t")
    page.evaluate(
        """() => document.body.dispatchEvent(
        new KeyboardEvent("keydown", {key: "е", code: "KeyT", bubbles: true}))"""
    )
    assert count() == 1


def test_help_lists_the_keys_and_turns_them_off(page):
    count = clicks(page, "t")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys on this page")
    expect(dialog.get_by_text("Take", exact=True)).to_be_visible()
    dialog.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    assert count() == 0
    assert 'data-keys="off"' in page.request.get(URL).text()


def test_list_moves_real_focus_and_selects(page):
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert_focus(page, "#row-3-link")
    page.keyboard.press("x")
    expect(page.locator("#row-3 [data-row-check]")).to_be_checked()
    page.keyboard.press("Home")
    assert_focus(page, "#row-1-link")
    stops = page.locator("[data-list]").first.locator("[data-row-link][tabindex='0']")
    expect(stops).to_have_count(1)


def test_no_key_acts_on_a_row_that_has_no_focus(page):
    page.keyboard.press("x")
    expect(page.locator("[data-row-check]:checked")).to_have_count(0)


def test_focus_goes_where_the_answer_says(page, swap):
    swap('<h1 data-focus>Ticket</h1><input id="other">')
    assert_focus(page, "#place h1")


def test_focus_goes_where_the_trigger_says(page, swap):
    swap('<p id="wanted">Done</p>', attributes='data-focus-after="#wanted"')
    assert_focus(page, "#wanted")


def test_focus_goes_to_what_is_wrong(page, swap, browser):
    body = '<div data-error-summary tabindex="-1" id="sum">One thing</div>'
    swap(body, attributes='data-focus-after="#go"', status=422)
    assert_focus(page, "#sum")
    # Chromium reports every refusal as a failed resource; this one was wanted.
    browser.complaints.clear()


def test_focus_is_not_lost_with_its_element(page, swap):
    swap(
        '<section><h2 id="new">New part</h2></section>',
        attributes='hx-target="this" hx-swap="outerHTML"',
    )
    assert_focus(page, "#new")


def test_failure_is_said_and_shown(page, swap, browser):
    swap("", status=500)
    expect(page.locator("#toasts .toast--error")).to_contain_text("That did not work")
    expect(page.get_by_role("alert")).to_contain_text("That did not work")
    browser.complaints.clear()


def test_live_regions_are_there_and_empty(page):
    html = page.request.get(URL).text()
    assert '<div id="status" class="visually-hidden" role="status"></div>' in html
    assert '<div id="alert" class="visually-hidden" role="alert"></div>' in html


def test_messages_arrive_as_toasts_without_taking_focus(page, swap):
    page.locator("#id_subject").focus()
    blank = page.locator("#toast-blank").evaluate(
        "t => t.innerHTML.replace('__text\">', '__text\">Hello')"
    )
    swap(
        f'<p>ok</p><div hx-swap-oob="beforeend:#toasts">{blank}</div>',
        attributes='data-focus-after="#go"',
    )
    expect(page.locator("#toasts .toast")).to_contain_text("Hello")
    expect(page.locator("#status")).to_contain_text("Hello")
    assert_focus(page, "#go")


def test_form_is_not_sent_twice(page):
    sent, busy = page.evaluate(
        """() => {
        document.getElementById("main").insertAdjacentHTML("afterbegin",
          '<form method="post"><button id="send">Send</button></form>');
        const send = document.getElementById("send");
        let sent = 0;
        send.form.addEventListener("submit", event => { event.preventDefault(); sent++ });
        send.click();
        send.click();
        return [sent, send.getAttribute("aria-busy")] }"""
    )
    assert (sent, busy) == (1, "true")


def test_chord_sends_the_form_one_writes_in_and_no_other(page):
    page.evaluate(
        """() => { window.sent = []; addEventListener("submit", event => {
        event.preventDefault(); sent.push(event.target.id) }, true) }"""
    )
    page.locator("#id_subject").focus()
    page.keyboard.press("Control+Enter")
    assert page.evaluate("sent") == []
    page.locator("#annotation-b-body").focus()
    page.keyboard.press("Control+Enter")
    assert page.evaluate("sent") == ["annotation-b"]


def test_times_are_kept_fresh_in_the_words_of_the_server(page):
    words = page.evaluate(
        """() => {
        const ago = document.querySelector("time[data-ago]");
        const due = document.querySelector("time[data-due]");
        ago.dateTime = new Date(Date.now() - 3 * 86400e3 - 60e3).toISOString();
        due.dateTime = new Date(Date.now() - 72.5 * 60e3).toISOString();
        document.dispatchEvent(new Event("visibilitychange"));
        return [ago.textContent, due.textContent.trim(), due.closest("[data-clock]").dataset.state];
        }"""
    )
    assert words == ["3d", "Reply late 1h 12m", "late"]
