"""A desk to walk through: a queue, a colleague with both factors, and pages signed in."""

import copy
import socket
import threading

import pytest
import uvicorn
from allauth.mfa.totp.internal.auth import TOTP, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Page

from helpdesk.live import asgi
from tests.factories import ContactFactory, QueueFactory, make_agent, make_ticket
from tests.roles import signed_in
from tickets.states import Level

PASSWORD = "correct horse battery staple"
SECRET = "JBSWY3DPEHPK3PXP"


def totp_code(secret: str = SECRET) -> str:
    """What an authenticator app shows now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return f"{hotp_value(secret, counter):06d}"


def sign_in(page: Page, *, email: str, password: str = PASSWORD, secret: str = SECRET) -> None:
    """Type both factors into the pages, as a person does; ends on the inbox."""
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code").fill(totp_code(secret))
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/inbox/open/")


@pytest.fixture(autouse=True)
def _no_live_process(settings):
    """Pages listen to nothing, unless a test starts the live process."""
    settings.LIVE_URL = ""


@pytest.fixture
def live_process(settings, live_server):
    """The live process beside the pages, on a port of its own."""
    ours = socket.create_server(("127.0.0.1", 0))
    url = f"http://localhost:{ours.getsockname()[1]}{asgi.PATH}"
    settings.BASE_URL, settings.LIVE_URL = live_server.url, url
    policy = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["connect-src"].append(url)
    settings.CONTENT_SECURITY_POLICY = policy
    server = uvicorn.Server(uvicorn.Config(asgi.application, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [ours]})
    thread.start()
    yield url
    server.should_exit = server.force_exit = True
    thread.join()


@pytest.fixture
def desk(transactional_db):
    """A queue."""
    return QueueFactory(name="Core support", slug="core")


@pytest.fixture
def mei(desk):
    """A colleague who leads the queue and can sign in."""
    user = make_agent(desk, Level.LEAD, name="Mei Tanaka", email="mei@desk.example")
    user.set_password(PASSWORD)
    user.save()
    TOTP.activate(user, SECRET)
    return user


@pytest.fixture
def ticket(desk):
    """Ana's ticket."""
    ana = ContactFactory(name="Ana Ruiz", email="ana@acme.example")
    return make_ticket(queue=desk, requester=ana, subject="Export fails on 4.2")


@pytest.fixture
def signed_in_page(browser, mei):
    """Opens a page as Mei, past both factors: `signed_in_page("/inbox/open/", width=390)`."""

    def open_page(path="/inbox/open/", **options):
        return browser.open(path, login=signed_in(mei), **options)

    return open_page
