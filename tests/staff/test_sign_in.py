"""One door for staff: password, second factor, and nothing told to strangers (T01-T10)."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from helpdesk import accounts
from integrations.models import Delivery, DeliveryKind
from tests.factories import StaffFactory
from tests.roles import signed_in

PASSWORD = "correct horse battery staple"
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def user(db):
    """Staff with a password and no second factor yet."""
    user = StaffFactory(email="mei@desk.example")
    user.set_password(PASSWORD)
    user.save()
    return user


def code(secret=SECRET):
    """What an authenticator app shows now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return f"{hotp_value(secret, counter):06d}"


def _login(client, *, email="mei@desk.example", password=PASSWORD, **more):
    return client.post("/account/login/", {"login": email, "password": password, **more})


def test_with_both_factors_one_is_in(user):
    TOTP.activate(user, SECRET)
    client = Client()
    assert _login(client, next="/inbox/mine/").url.startswith("/account/mfa/authenticate/")
    # The password alone opens nothing.
    assert client.get("/inbox/mine/").status_code == 302
    before = client.session.session_key
    response = client.post("/account/mfa/authenticate/", {"code": code()})
    assert response.url == "/inbox/mine/"
    assert client.session.session_key != before
    assert client.get("/inbox/mine/").status_code == 200


def test_a_wrong_code_is_refused_and_soon_no_more_are_heard(user):
    TOTP.activate(user, SECRET)
    client = Client()
    _login(client)
    for _ in range(8):
        response = client.post("/account/mfa/authenticate/", {"code": "000000"})
    assert response.status_code in {200, 429}
    assert "Too many" in response.content.decode()
    assert client.get("/inbox/open/").status_code == 302


def test_what_is_refused_at_the_door_says_what_to_do(user):
    TOTP.activate(user, SECRET)
    client = Client()
    assert "Type them again, or reset the password" in _login(client, password="wrong").text
    _login(client)
    page = client.post("/account/mfa/authenticate/", {"code": "000000"}).text
    assert "Type the one your app shows now" in page


def test_staff_without_a_second_factor_are_led_to_set_one_up(user):
    client = Client()
    _login(client)
    for path in ("/inbox/open/", "/profile/", "/admin/"):
        response = client.get(path)
        assert response.status_code == 302
        assert response.url.startswith("/account/mfa/totp/activate/?next=")
    page = client.get("/account/mfa/totp/activate/").content.decode()
    secret = re.search(r"data-totp-secret>([A-Z2-7]+)<", page).group(1)
    response = client.post("/account/mfa/totp/activate/", {"code": code(secret)})
    assert response.url == "/account/mfa/recovery-codes/"
    assert "Recovery codes" in client.get(response.url).content.decode()
    assert client.get("/inbox/open/").status_code == 200


def test_recovery_codes_alone_are_no_second_factor(user):
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x", "used_mask": 0}
    )
    client = Client()
    client.force_login(user)
    assert client.get("/inbox/open/").status_code == 302


def test_a_known_and_an_unknown_address_look_alike(user):
    answers = [
        _login(Client(), email=email, password="wrong password")
        for email in ("mei@desk.example", "nobody@desk.example")
    ]
    assert answers[0].status_code == answers[1].status_code == 200
    assert _comparable(answers[0], "mei") == _comparable(answers[1], "nobody")


def test_a_forgotten_password_tells_strangers_nothing_and_goes_by_the_outbox(user, mailoutbox):
    client = Client()
    answers = [
        client.post("/account/password/reset/", {"email": email}, follow=True)
        for email in ("nobody@desk.example", "mei@desk.example")
    ]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert _comparable(answers[0], "") == _comparable(answers[1], "")
    assert mailoutbox == []
    delivery = Delivery.objects.get()
    assert (delivery.kind, delivery.address) == (DeliveryKind.ACCOUNT, "mei@desk.example")
    assert delivery.ticket is None


def test_how_long_a_forgotten_password_takes_tells_nothing(user):
    client = Client()
    for email in ("nobody@desk.example", "mei@desk.example"):
        began = time.monotonic()
        client.post("/account/password/reset/", {"email": email})
        assert time.monotonic() - began >= accounts.EVEN_S


def test_a_reset_link_works_once_and_leads_through_the_second_factor(user):
    TOTP.activate(user, SECRET)
    client = Client()
    client.post("/account/password/reset/", {"email": user.email})
    body = Delivery.objects.get().inputs["body"]
    link = re.search(r"http://testserver(/account/password/reset/\S+)", body).group(1)
    form = client.get(link, follow=True)
    new = {"password1": "an even longer secret", "password2": "an even longer secret"}
    done = client.post(form.redirect_chain[-1][0], new)
    assert done.status_code == 302
    assert "no longer works" in Client().get(link, follow=True).content.decode()
    login = _login(Client(), password="an even longer secret")
    assert login.url.startswith("/account/mfa/authenticate/")


def test_nobody_makes_an_account(db):
    client = Client()
    assert "Accounts are made by admins" in client.get("/account/signup/").content.decode()
    data = {"email": "x@x.example", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/account/signup/", data)
    assert not client.session.get("_auth_user_id")


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/%0d%0aLocation:x\r\nx",
        "https://testserver@evil.example/",
    ],
)
def test_next_leads_nowhere_else(customer, evil):
    customer.user.set_password(PASSWORD)
    customer.user.save()
    response = _login(Client(), email=customer.user.email, next=evil)
    assert response.status_code == 302
    assert response.url == "/"


def test_leaving_kills_the_session(agent):
    client = agent.client
    cookie = client.cookies["session"].value
    client.post("/account/logout/")
    stolen = Client()
    stolen.cookies["session"] = cookie
    assert stolen.get("/inbox/open/").status_code == 302


def test_a_closed_account_is_out_at_once(agent):
    client = agent.client
    assert client.get("/inbox/open/").status_code == 200
    agent.user.is_active = False
    agent.user.save()
    assert client.get("/inbox/open/").status_code == 302


def test_the_admin_has_no_door_of_its_own(anonymous, admin):
    response = anonymous.client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/account/login/")
    assert admin.client.get("/admin/").status_code == 200


def test_the_admin_wants_a_sign_in_not_long_ago(admin, settings):
    client = signed_in(admin.user)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = -1
    response = client.get("/admin/")
    assert response.status_code == 302
    assert response.url.startswith(("/account/confirm/", "/account/mfa/reauthenticate/"))


@pytest.mark.parametrize("path", ["/account/confirm/", "/account/mfa/reauthenticate/"])
def test_each_proof_is_posted_to_its_own_address(admin, path):
    page = admin.client.get(f"{path}?next=/admin/").text
    assert "Confirm that it is you" in page
    assert f'action="{path}?next=/admin/"' in page


def _comparable(response, name):
    html = response.content.decode().replace(name, "") if name else response.content.decode()
    return re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+', "", html)
