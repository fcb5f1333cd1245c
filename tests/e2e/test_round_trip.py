"""One message all the way round: mail in, answered in a browser, mail out, answered again.

Everything is real: `make run` with its demo, its door, its workers and its mail sink.
"""

import email
import os
import re
import smtplib
import subprocess
import sys
from email.message import EmailMessage
from email.policy import default

import pytest
from playwright.sync_api import expect

from helpdesk.launcher.processes import wait_until
from helpdesk.launcher.state import ROOT
from tests.browser import wait_until_ready

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
MARA = "mara@helpdesk.example"
IN_THE_LIST_WITHIN_MS = 15_000
# Ten seconds to undo, then the worker; the sweep comes every fifteen if nobody woke it.
OUT_WITHIN_S = 40


class Customer:
    """Somebody with a mail program: writes to the door, reads what the sink caught."""

    def __init__(self, run, address):
        self.run, self.address = run, address

    def write(self, subject, text, *, answers=None):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.address, self.support, subject
        mail["Message-ID"] = f"<{os.urandom(8).hex()}@customer.example>"
        if answers is not None:
            mail["In-Reply-To"] = answers["Message-ID"]
            mail["References"] = f"{answers['References']} {answers['Message-ID']}"
        mail.set_content(text)
        with smtplib.SMTP("127.0.0.1", int(self.run.env["MAIL_PORT"])) as door:
            door.send_message(mail)
        return mail["Message-ID"]

    support = "support@helpdesk.example"

    def got(self, text):
        """The one mail to this customer that says so, waited for."""
        found = []

        def is_there():
            found[:] = [mail for mail in self.inbox() if text in str(mail.get_body(("plain",)))]
            return bool(found)

        assert wait_until(is_there, seconds=OUT_WITHIN_S), f"no mail says {text!r}"
        (mail,) = found
        return mail

    def inbox(self):
        folder = self.run.root / "sent-mail"
        mails = [email.message_from_bytes(p.read_bytes(), policy=default) for p in folder.glob("*")]
        return [mail for mail in mails if self.address in mail["To"]]


def manage(run, *arguments):
    """What a management command beside the run prints."""
    command = [sys.executable, "-m", "helpdesk.launcher", "exec", "--", sys.executable, "manage.py"]
    return subprocess.run(
        [*command, *arguments], cwd=ROOT, env=run.env, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def run(start):
    run = start()
    run.wait_for("The helpdesk runs")
    return run


@pytest.fixture
def page(run, chromium):
    context = chromium.new_context(base_url=f"http://localhost:{run.port}")
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Email").fill(MARA)
    page.get_by_label("Password").fill("correct-desk-lamp")
    page.keyboard.press("Enter")
    page.locator("input[name=code]").fill(manage(run, "demo", "--code", MARA).split()[-1])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    yield page
    context.close()


@pytest.mark.promise("S1.1")
@pytest.mark.promise("S4.13")
def test_a_mail_becomes_a_ticket_and_its_answer_leaves_in_the_thread(run, page):
    customer = Customer(run, "nora@customer.example")
    asked = customer.write("The export stops at half", "It stops at 50 %. What can I do?")

    row = page.get_by_role("link", name="The export stops at half")
    assert wait_until(lambda: page.reload() and row.count() == 1, seconds=15), "not in the list"
    row.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The export stops at half")
    number = re.search(r"#(\d+)", page.get_by_role("heading", level=1).inner_text())[1]

    page.get_by_role("button", name=re.compile("^Take")).click()
    expect(page.get_by_role("button", name=re.compile("^Pending"))).to_be_visible()
    wait_until_ready(page)
    page.keyboard.press("r")
    expect(page.get_by_placeholder("Write to nora")).to_be_focused()
    page.keyboard.type("Which version is it? Please run the check.")
    page.get_by_role("button", name=re.compile("^Send to nora")).click()
    expect(page.get_by_text("Undo", exact=False).first).to_be_visible()

    answer = customer.got("Which version is it?")
    assert answer["In-Reply-To"] == asked
    assert asked in answer["References"]
    assert f"#{number}" in answer["Subject"]

    customer.write(answer["Subject"], "It is 4.2.1, and the check is fine.", answers=answer)
    assert wait_until(
        lambda: page.goto(f"/t/{number}/") and page.get_by_text("It is 4.2.1").count() == 1,
        seconds=15,
    ), "the second mail did not join the ticket"
    assert "ok" in manage(run, "verify")
