"""Whole walks in a real browser, by mouse, by keys alone, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.browser import assert_focus
from tests.e2e.conftest import sign_in
from tests.factories import make_message, make_ticket
from tests.integrations.mail import make_channel, receive
from tickets.models import Draft, DraftState

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    """Nothing is released but by the test itself."""
    monkeypatch.setattr("integrations.wake.release", lambda draft, *, seconds: None)


def _answer_undo_answer(page):
    page.get_by_role("link", name="Export fails on 4.2").click()
    page.get_by_role("button", name="Take").click()
    page.get_by_role("link", name="Reply", exact=False).first.click()
    page.get_by_label("Your reply to Ana").fill("Could you send the log?")
    page.get_by_role("button", name="Send to Ana", exact=False).click()
    expect(page.get_by_text("Being sent")).to_be_visible()
    expect(page.get_by_text("Sent to Ana.")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=False).click()
    expect(page.get_by_label("Your reply to Ana")).to_have_value("Could you send the log?")
    page.get_by_label("Your reply to Ana").fill("Could you send the whole log?")
    page.get_by_role("button", name="Send to Ana", exact=False).click()
    expect(page.get_by_text("Being sent")).to_be_visible()


def test_sign_in_take_reply_undo_and_reply_again(browser, mei, ticket):
    page = browser.open("/inbox/open/")
    sign_in(page, email=mei.email)
    _answer_undo_answer(page)
    ticket.refresh_from_db()
    assert ticket.assignee == mei
    sending = Draft.objects.get()
    assert (sending.state, sending.body) == (DraftState.SENDING, "Could you send the whole log?")


def test_the_same_without_javascript(browser, mei, ticket):
    page = browser.open("/inbox/open/", javascript=False)
    sign_in(page, email=mei.email)
    _answer_undo_answer(page)
    assert Draft.objects.get().state == DraftState.SENDING


def test_the_same_on_a_phone(signed_in_page, ticket):
    _answer_undo_answer(signed_in_page(width=390))


def test_by_keys_alone(signed_in_page, mei, ticket, desk):
    make_ticket(queue=desk, subject="A newer one")
    page = signed_in_page("/inbox/open/")
    keys = page.keyboard
    keys.press("j")
    assert_focus(page, "[data-row]:nth-child(1) [data-row-link]")
    keys.press("j")
    keys.press("Enter")
    page.wait_for_url(f"**/inbox/open/{ticket.pk}/")
    keys.press("i")
    expect(page.get_by_text("took the ticket")).to_be_visible()
    keys.press("n")
    assert_focus(page, "#annotation-body")
    keys.type("I look at it.")
    keys.press("Control+Enter")
    expect(page.locator(".message--annotation")).to_contain_text("I look at it.")
    keys.press("r")
    assert_focus(page, "#reply-body")
    keys.type("On it.")
    keys.press("Control+Enter")
    expect(page.get_by_text("Being sent")).to_be_visible()
    keys.press("z")
    expect(page.locator("#reply-body")).to_have_value("On it.")
    page.locator("h1").focus()
    keys.press("s")
    keys.press("Tab")
    expect(page.locator("#set-status")).to_be_visible()
    keys.press("Escape")
    keys.press("u")
    page.wait_for_url("**/inbox/open/")
    keys.press("g")
    keys.press("m")
    page.wait_for_url("**/inbox/mine/")
    keys.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Unassigned")


@pytest.mark.promise("B8")
def test_spam_and_trash_by_keys_and_back(signed_in_page, desk, ticket):
    raw = receive(b"hello\n", make_channel(queue=desk))
    page = signed_in_page(f"/inbox/open/{ticket.pk}/")
    keys = page.keyboard
    for key, words in (("!", "is marked as spam."), ("#", "is in the trash.")):
        page.locator("h1").focus()
        keys.press(key)
        expect(page.get_by_text(f"#{ticket.pk} {words}")).to_be_visible()
        expect(page.locator("[data-row]")).to_have_count(0)
        keys.press("z")
        page.wait_for_url(f"**/t/{ticket.pk}/")
        expect(page.locator("#toasts").get_by_text(f"#{ticket.pk} is back.")).to_be_visible()
    keys.press("g")
    keys.press("h")
    page.wait_for_url("**/held/")
    keys.press("j")
    keys.press("Enter")
    page.wait_for_url(f"**/held/{raw.pk}/")
    keys.press("#")
    expect(page.get_by_text("No mail is held.")).to_be_visible()
    keys.press("z")
    page.wait_for_url(f"**/held/{raw.pk}/")
    keys.press("r")
    expect(page.get_by_text("opened this ticket with a held mail")).to_be_visible()


@pytest.mark.promise("S2.4")
def test_a_reply_written_too_late_shows_what_came_in(signed_in_page, browser, ticket):
    page = signed_in_page(f"/t/{ticket.pk}/#reply-body")
    page.locator("#reply-body").fill("Have you tried staging?")
    make_message(ticket, body="It works on staging.")
    page.get_by_role("button", name="Send to Ana", exact=False).click()
    expect(page.get_by_text("Ana Ruiz wrote meanwhile")).to_be_visible()
    expect(page.locator(".composer__conflict")).to_contain_text("It works on staging.")
    expect(page.locator("#reply-body")).to_have_value("Have you tried staging?")
    page.get_by_role("button", name="Send anyway", exact=False).click()
    expect(page.get_by_text("Being sent")).to_be_visible()
    # Chromium complains of every answer above 399, and a 409 is what we want here.
    browser.complaints.clear()


def test_what_is_typed_survives_a_closed_tab(signed_in_page, ticket):
    page = signed_in_page(f"/t/{ticket.pk}/#reply-body")
    page.locator("#reply-body").press_sequentially("Half a sen")
    expect(page.locator("#reply [data-saved]")).to_contain_text("Saved")
    page.goto(f"/t/{ticket.pk}/")
    expect(page.locator("#reply-body")).to_have_value("Half a sen")


def test_what_others_do_waits_behind_a_bar(live_process, signed_in_page, desk, ticket):
    listing = signed_in_page("/inbox/open/")
    page = signed_in_page(f"/t/{ticket.pk}/#reply-body")
    page.locator("#reply-body").press_sequentially("Half a sen")
    make_message(ticket, body="It works on staging.")
    bar = page.get_by_role("link", name="New on this ticket", exact=False)
    expect(bar).to_be_visible()
    # Nothing moved under the hand.
    expect(page.locator("#reply-body")).to_be_focused()
    expect(page.get_by_text("It works on staging.")).to_have_count(0)
    expect(listing.get_by_role("link", name="1 new")).to_be_visible()
    expect(page.locator("#reply [data-saved]")).to_contain_text("Saved")
    bar.click()
    expect(page.locator("#timeline").get_by_text("It works on staging.")).to_be_visible()
    expect(page.locator("#reply-body")).to_have_value("Half a sen")


_PASTE = """
([field, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  const clipboard = new DataTransfer();
  clipboard.items.add(new File([bytes], "image.png", { type: "image/png" }));
  const how = { clipboardData: clipboard, bubbles: true, cancelable: true };
  field.dispatchEvent(new ClipboardEvent("paste", how));
}
"""
_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


def test_pictures_pasted_into_a_reply_stand_where_they_were_pasted(signed_in_page, ticket):
    page = signed_in_page(f"/t/{ticket.pk}/#reply-body")
    field = page.get_by_label("Your reply to Ana")
    field.fill("Look: ")
    for _time in range(2):
        field.evaluate(f"(field, base64) => ({_PASTE})([field, base64])", _PNG)
    page.get_by_role("button", name="Send to Ana", exact=False).click()
    expect(page.get_by_text("Being sent")).to_be_visible()
    names = [file.name for file in Draft.objects.get().attachments.order_by("pk")]
    assert len(set(names)) == 2
    assert Draft.objects.get().body == "Look: " + "".join(f"![]({name})" for name in names)
    expect(page.locator(".prose img")).to_have_count(2)
