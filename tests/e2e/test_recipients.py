"""Choosing who gets a reply: in a browser by mouse and keys, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.browser import assert_axe_clean, assert_focus
from tests.factories import ContactFactory
from tickets.actions.participants import add
from tickets.models import Draft, DraftState
from tickets.permissions import scope_of

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.promise("B8"),
]


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    """Nothing is released but by the test itself."""
    monkeypatch.setattr("integrations.wake.release", lambda draft, *, seconds: None)


@pytest.fixture
def ben(ticket, mei):
    contact = ContactFactory(name="Ben Ito", email="ben@acme.example")
    add(ticket, contact, by=scope_of(mei))
    return contact


def _frozen():
    draft = Draft.objects.get(state=DraftState.SENDING)
    return [r["address"] for r in draft.to], [r["address"] for r in draft.cc]


def _open(page):
    page.get_by_role("link", name="Reply", exact=False).first.click()
    page.locator(".recipients > summary").click()


def test_by_keys_alone(signed_in_page, ticket, ben):
    page = signed_in_page(f"/t/{ticket.pk}/")
    keys = page.keyboard
    keys.press("r")
    keys.press("Shift+Tab")
    assert_focus(page, ".recipients > summary")
    keys.press("Enter")
    send = page.get_by_role("button", name="Send to")
    expect(send).to_contain_text("Send to Ana +1")
    # Ben moves from Cc to To: Ana, Ben, then the field for others.
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Space")
    expect(page.locator("[name=cc][data-short=Ben]")).not_to_be_checked()
    expect(page.locator("[data-to-words]")).to_have_text("Ana Ruiz, Ben Ito")
    keys.press("Tab")
    assert_focus(page, "#reply [data-also][name=also_to]")
    keys.type("Cleo Faure <cleo@acme.example>,dan@acme.example")
    keys.press("Control+Enter")
    # Nothing left: the button had not named them yet.
    expect(send).to_contain_text("Send to Ana +3")
    keys.press("Backspace")
    assert_focus(page, "#reply [name=also_to][data-short=dan]")
    keys.press("Delete")
    expect(send).to_contain_text("Send to Ana +2")
    page.locator("#reply-body").focus()
    keys.type("Hello all.")
    keys.press("Control+Enter")
    expect(page.get_by_text("Being sent")).to_be_visible()
    assert _frozen() == (["ana@acme.example", "ben@acme.example", "cleo@acme.example"], [])


def test_who_asked_is_missed_and_choices_survive_a_closed_tab(signed_in_page, ticket, ben):
    page = signed_in_page(f"/t/{ticket.pk}/")
    _open(page)
    check = page.get_by_text("Ana Ruiz asked, and does not get this reply.")
    expect(check).to_be_hidden()
    page.locator("#reply-body").press_sequentially("Half")
    page.locator("[name=to][data-short=Ana]").uncheck()
    expect(check).to_be_visible()
    page.locator("[name=to][data-short=Ben]").check()
    assert_axe_clean(page, "#reply")
    expect(page.locator("#reply [data-saved]")).to_contain_text("Saved")
    with page.expect_response("**/draft/reply/"):
        page.locator("#reply [name=also_cc][data-also]").fill("cleo@acme.example")
        page.locator("#reply-body").focus()
    page.goto(f"/t/{ticket.pk}/")
    expect(page.get_by_role("button", name="Send to")).to_contain_text("Send to Ben +1")
    expect(check).to_be_visible()


def test_a_click_with_an_address_just_typed_names_it_first(signed_in_page, ticket):
    page = signed_in_page(f"/t/{ticket.pk}/")
    _open(page)
    page.locator("#reply-body").fill("Hello.")
    page.locator("#reply [name=also_cc][data-also]").fill("cleo@acme.example")
    page.get_by_role("button", name="Send to Ana").click()
    expect(page.get_by_role("button", name="Send to")).to_contain_text("Send to Ana +1")
    assert not Draft.objects.filter(state=DraftState.SENDING).exists()
    page.get_by_role("button", name="Send to Ana +1").click()
    expect(page.get_by_text("Being sent")).to_be_visible()
    assert _frozen() == (["ana@acme.example"], ["cleo@acme.example"])


def test_a_known_address_is_suggested(signed_in_page, ticket, ben):
    page = signed_in_page(f"/t/{ticket.pk}/")
    _open(page)
    with page.expect_response("**/people/known/**"):
        page.locator("#reply [name=also_cc][data-also]").press_sequentially("ito")
    expect(page.locator("#known-people option")).to_have_attribute(
        "value", "Ben Ito <ben@acme.example>"
    )


@pytest.mark.parametrize("options", [{"javascript": False}, {"width": 390}])
def test_without_javascript_and_on_a_phone(signed_in_page, browser, ticket, ben, options):
    page = signed_in_page(f"/t/{ticket.pk}/#reply-body", **options)
    if not page.locator("#reply-body").is_visible():
        page.locator("#write-reply > summary").click()
    page.locator(".recipients > summary").click()
    page.locator("[name=cc][data-short=Ben]").uncheck()
    page.locator("#reply [name=also_to][data-also]").fill("cleo@acme.example")
    page.locator("#reply-body").fill("Hello.")
    page.get_by_role("button", name="Send to").click()
    if options.get("javascript") is False:
        # The button named Ana and Ben: now it names those who were chosen.
        expect(page.get_by_text("The button names them now")).to_be_visible()
        page.get_by_role("button", name="Send to Ana +1").click()
    expect(page.get_by_text("Being sent")).to_be_visible()
    assert _frozen() == (["ana@acme.example", "cleo@acme.example"], [])
    browser.complaints.clear()
