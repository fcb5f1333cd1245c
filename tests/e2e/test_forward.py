"""Forwarding by keys alone, without JavaScript and on a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser import assert_focus
from tests.factories import make_forward, make_side_answer
from tickets.models import Draft, DraftKind, DraftState

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.promise("B8"),
]


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    """Nothing is released but by the test itself."""
    monkeypatch.setattr("integrations.wake.release", lambda draft, *, seconds: None)


def _sending():
    draft = Draft.objects.get(state=DraftState.SENDING)
    assert draft.kind == DraftKind.FORWARD
    return [person["address"] for person in draft.to], draft.form["frozen"]


def test_by_keys_alone_with_undo(signed_in_page, ticket):
    page = signed_in_page(f"/t/{ticket.pk}/")
    keys = page.keyboard
    keys.press("f")
    assert_focus(page, "#forward-body")
    keys.type("Known to you?")
    page.locator("#forward [data-also]").focus()
    keys.type("Vera Vendor <vera@vendor.example>,")
    send = page.locator("#forward").get_by_role("button", name="Send to")
    expect(send).to_contain_text("Send to Vera")
    page.locator("#forward-body").focus()
    keys.press("Control+Enter")
    expect(page.get_by_text("Being sent")).to_be_visible()
    to, frozen = _sending()
    assert to == ["vera@vendor.example"]
    assert "It burns." in frozen["quoted"]
    page.locator("h1").focus()
    keys.press("z")
    expect(page.locator("#forward-body")).to_have_value("Known to you?")
    expect(page.locator("#reply-body")).to_have_value("")


@pytest.mark.parametrize("options", [{"javascript": False}, {"width": 390}])
def test_without_javascript_and_on_a_phone(signed_in_page, browser, ticket, options):
    page = signed_in_page(f"/t/{ticket.pk}/", **options)
    page.get_by_role("link", name="Forward this").first.click()
    form = page.locator("#forward")
    form.locator("[data-also]").fill("vera@vendor.example")
    form.get_by_label("Nothing but my text").check()
    page.locator("#forward-body").fill("Known to you?")
    form.get_by_role("button", name="Send to").click()
    if options.get("javascript") is False:
        expect(page.get_by_text("The button names them now")).to_be_visible()
        form.get_by_role("button", name="Send to vera").click()
    expect(page.get_by_text("Being sent")).to_be_visible()
    assert _sending() == (
        ["vera@vendor.example"],
        {"subject": ticket.subject, "quoted": "", "files": []},
    )
    browser.complaints.clear()


def test_going_on_with_a_conversation(signed_in_page, mei, ticket):
    side = make_forward(ticket, by=mei).side
    make_side_answer(side, body="Which version?")
    page = signed_in_page(f"/t/{ticket.pk}/")
    page.get_by_role("link", name="Write to them").first.click()
    form = page.locator("#forward")
    expect(form.get_by_role("heading")).to_contain_text("To Vera Vendor · third party")
    page.locator("#forward-body").fill("5.0.")
    form.get_by_role("button", name="Send to Vera").click()
    expect(page.get_by_text("Being sent")).to_be_visible()
    assert Draft.objects.get(state=DraftState.SENDING).side == side
