"""A real SMTP server for tests: keeps what it takes, and answers what its script says."""

# ruff: noqa: N802 - aiosmtpd finds handlers by the commands' names

import asyncio
import contextlib
from dataclasses import dataclass, field
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller

from helpdesk.launcher import ports

CUT = "cut"
SLOW = "slow"
SLOW_S = 0.5


@dataclass
class Caught:
    """One mail as it came over the wire."""

    sender: str
    recipients: list[str]
    data: bytes

    @property
    def mail(self):
        return message_from_bytes(self.data, policy=policy.default)

    def part(self, subtype):
        """The text of the body part of this subtype."""
        return self.mail.get_body((subtype,)).get_content()


@dataclass
class Sink:
    """`script` holds the next answers to a command, then it is 250.

    `CUT` drops the connection, `SLOW` answers late.
    """

    script: dict[str, list[str]] = field(default_factory=dict)
    caught: list[Caught] = field(default_factory=list)
    port: int = field(default_factory=ports.any_free)

    def says(self, command, *answers):
        self.script[command] = list(answers)

    def _next(self, command, server, otherwise="250 OK"):
        answer = next(iter(self.script.get(command, [])), otherwise)
        self.script[command] = self.script.get(command, [])[1:]
        if answer == CUT:
            server.transport.abort()
        return answer

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        answer = self._next("EHLO", server)
        return responses if answer.startswith("250") else [answer]

    async def handle_HELO(self, server, session, envelope, hostname):
        session.host_name = hostname
        return self._next("HELO", server, f"250 {server.hostname}")

    async def handle_MAIL(self, server, session, envelope, address, options):
        answer = self._next("MAIL", server)
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self._next("RCPT", server)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        answer = self._next("DATA", server, "250 2.0.0 kept")
        if answer.startswith("250") or answer in {CUT, SLOW}:
            self.caught.append(Caught(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        if answer == SLOW:
            await asyncio.sleep(SLOW_S)
        return answer


@contextlib.contextmanager
def running(**options):
    """A sink that listens; `options` are aiosmtpd's (TLS, authentication)."""
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port, **options)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
