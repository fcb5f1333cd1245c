"""Customers who write, and staff who answer, while processes die under them."""

import hashlib
import json
import smtplib
import threading
import time
from datetime import timedelta

from django.db import connection

from integrations import wake
from tests import factories
from tests.integrations.outgoing import make_channel
from tickets.actions.reply import Reply, newest_seen, submit
from tickets.errors import Refused
from tickets.models import Ticket
from tickets.permissions import scope_of

ADDRESS = "help@desk.example"
CUSTOMERS = 25
# One reply every so many seconds, and so many mails a second.
REPLY_PAUSE_S = 0.15
MAIL_PAUSE_S = 0.04
WINDOW = timedelta(seconds=1)


def furnish():
    """A queue with a mailbox and somebody who answers."""
    queue = factories.QueueFactory()
    make_channel(queue, address=ADDRESS)
    return factories.make_agent(queue)


def doomed(name):
    """The bytes of a mail whose processes die (tests/crash/doom.py), and its sender."""
    sender = f"{name}@customer.example"
    head = f"From: <{sender}>\r\nTo: {ADDRESS}\r\nSubject: {name}\r\n"
    return f"{head}Message-ID: <doom.{name}@customer.example>\r\n\r\nHi\r\n".encode(), sender


def mail(number, *, chance):
    """The bytes of one mail: a third answer an earlier one of the same person."""
    customer = number % CUSTOMERS
    answers = ""
    if number >= CUSTOMERS and chance.random() < 1 / 3:
        answers = f"In-Reply-To: <{number - CUSTOMERS}@customer.example>\r\n"
    # A few are too large for the row and go to storage.
    lines = chance.choice([1, 10, 100, 7_000 if number % 10 == 0 else 5])
    return (
        f"From: Customer {customer} <c{customer}@customer.example>\r\nTo: {ADDRESS}\r\n"
        f"Subject: Question {number}\r\nMessage-ID: <{number}@customer.example>\r\n{answers}\r\n"
    ).encode() + f"Line of number {number}, and a dot:\r\n.\r\n".encode() * lines


class Customers(threading.Thread):
    """Hand in mails one after the other, each again until the door has said 250.

    Those that kill come first, so that there is time to get over them.
    """

    def __init__(self, *, port, number, ledger, chance, dooms=()):
        super().__init__(daemon=True)
        self.dooms = dooms
        self.port, self.number, self.ledger, self.chance = port, number, ledger, chance
        self.repeats = 0
        self.sent = 0

    def run(self):
        with self.ledger.open("w") as ledger:
            for name in self.dooms:
                data, sender = doomed(name)
                self._hand_in(data, f"doom.{name}", sender=sender, ledger=ledger)
            for number in range(self.number):
                data = mail(number, chance=self.chance)
                sender = f"c{number % CUSTOMERS}@customer.example"
                self._hand_in(data, number, sender=sender, ledger=ledger)
                time.sleep(self.chance.expovariate(1 / MAIL_PAUSE_S))

    def _hand_in(self, data, name, *, sender, ledger):
        while not self._accepted(data, sender=sender):
            self.repeats += 1
            time.sleep(0.1)
        self.sent += 1
        entry = {
            "message_id": f"<{name}@customer.example>",
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        ledger.write(json.dumps(entry) + "\n")

    def _accepted(self, data, *, sender):
        try:
            with smtplib.SMTP("127.0.0.1", self.port, "localhost", timeout=20) as client:
                client.sendmail(sender, [ADDRESS], data)
        except (OSError, smtplib.SMTPException):
            return False
        return True


class Staff(threading.Thread):
    """Answer random tickets until told to stop."""

    def __init__(self, agent, *, chance):
        super().__init__(daemon=True)
        self.agent, self.chance = agent, chance
        self.stopped = threading.Event()
        self.submitted = 0

    def run(self):
        try:
            while not self.stopped.wait(REPLY_PAUSE_S):
                self._answer()
        finally:
            connection.close()

    def stop(self):
        self.stopped.set()
        self.join()

    def _answer(self):
        tickets = list(Ticket.objects.values_list("pk", flat=True))
        if not tickets:
            return
        self.answer(self.chance.choice(tickets))

    def answer(self, number):
        """Answer one ticket."""
        ticket = Ticket.objects.get(pk=number)
        reply = Reply(body="We are **at it**.", last_seen_event=newest_seen(ticket))
        try:
            draft = submit(ticket, reply, by=scope_of(self.agent), window=WINDOW)
        except Refused:
            # A mail came in between: a person would read it first.
            return
        wake.release(draft, seconds=WINDOW.total_seconds())
        self.submitted += 1
