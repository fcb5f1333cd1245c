"""The SMTP and LMTP door: takes mail for our mailboxes, keeps it, and only then says 250.

It understands nothing of what it takes and relays nothing. What it cannot store for certain it
answers with 451, so that the sender keeps the mail and comes back (RFC 5321, 4.2.5).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from integrations.email import limits

if TYPE_CHECKING:
    from integrations.models import Channel

log = structlog.get_logger(__name__)

MOST_RECIPIENTS = 100
MOST_CONNECTIONS = 100
IDLE_S = 120
# Much longer than RFC 5321 allows: real senders break the rule, and the size has its own limit.
_LONGEST_LINE = 1 << 20
# A line end that one server takes for the end of the mail and another does not hides a second
# mail in the first ("SMTP smuggling"). The library has taken the dot off where a line began with
# one, which leaves CR LF LF.
_SMUGGLED = re.compile(rb"(?<!\r)\n\.\r?\n|\r\n\n|\r\.\r|\r\n\r(?!\n)")

_AWAY = "451 4.3.0 Cannot be stored just now, please try again later"
_TOO_LARGE = f"552 5.3.4 Larger than the limit of {limits.SIZE} bytes"
_LINE_TOO_LONG = "500 5.5.2 Line too long"
_BUSY = b"421 4.3.2 Too many connections, please try again later\r\n"
# What the library says, and what we say instead: with status codes (RFC 3463), naming nothing.
_IN_OUR_WORDS = {
    "552 Error: message size exceeds fixed maximum message size": _TOO_LARGE,
    "552 Error: Too much mail data": _TOO_LARGE,
    "500 Line too long (see RFC5321 4.5.3.1.6)": _LINE_TOO_LONG,
}
_ENDS_DATA = {"552 Error: Too much mail data", "500 Line too long (see RFC5321 4.5.3.1.6)"}


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a client handed in: the bytes, for which channels, and what it said about it."""

    data: bytes
    channels: tuple[Channel, ...]
    envelope: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """What the door needs of the house; both block, so each runs in a thread of `run`.

    `channel_of` finds whose mailbox an address is; `store` returns the id of a letter once it is
    committed. Both raise DatabaseError or OSError when that cannot be done now.
    """

    channel_of: Callable[[str], Channel | None]
    store: Callable[[Letter], str]
    run: Callable[..., asyncio.Future[Any]]


class Handler:
    """The answers of the door, called by the protocol below for each command of a client."""

    def __init__(self, rooms: Rooms, *, is_lmtp: bool) -> None:
        self.rooms = rooms
        self.is_lmtp = is_lmtp

    async def handle_EHLO(  # noqa: N802 - the library's name
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Say what we can do."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_RCPT(  # noqa: N802
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Take a recipient who is a mailbox of ours; there is no relaying."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients, please send to the others separately"
        try:
            channel = await self.rooms.run(self.rooms.channel_of, address)
        except Exception:
            log.exception("door_cannot_look_up")
            return _AWAY
        if channel is None:
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        _channels_of(envelope).setdefault(channel.pk, channel)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail; 250 is said when it is committed, never before."""
        answer = await self._kept(session, envelope)
        # LMTP answers once for each recipient (RFC 2033, 4.2).
        return "\r\n".join([answer] * len(envelope.rcpt_tos)) if self.is_lmtp else answer

    async def _kept(self, session: Session, envelope: Envelope) -> str:
        data = envelope.original_content or b""
        if _SMUGGLED.search(data):
            return "550 5.6.0 Line ends must be CR LF"
        letter = Letter(
            data=data,
            channels=tuple(_channels_of(envelope).values()),
            envelope=_said(session, envelope),
        )
        try:
            key = await self.rooms.run(self.rooms.store, letter)
        except Exception:
            log.exception("door_cannot_store", size=len(data))
            return _AWAY
        return f"250 2.0.0 Queued as {key}"

    async def handle_exception(self, error: Exception) -> str:
        """A fault of ours is never the client's: it may try again."""
        log.error("door_failed", exc_info=error)
        return _AWAY


class _Doorway(SMTP):
    """One connection: counted, with answers of ours where the library's say too little."""

    line_length_limit = _LONGEST_LINE
    live: set[_Doorway]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let a client in, or send it away while the house is full."""
        if len(self.live) >= MOST_CONNECTIONS and isinstance(transport, asyncio.Transport):
            transport.write(_BUSY)
            transport.close()
            return
        self.live.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget a client."""
        if self in self.live:
            self.live.discard(self)
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Listen only to clients that were let in."""
        if self in self.live:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        """A client that was sent away may hang up as it likes."""
        return super().eof_received() if self in self.live else None

    async def push(self, status: str | bytes) -> None:
        """Send an answer; LMTP repeats one that ends DATA for each recipient."""
        text = status if isinstance(status, str) else status.decode()
        times = 1
        if isinstance(self, LMTP) and text in _ENDS_DATA and self.envelope:
            times = len(self.envelope.rcpt_tos)
        await super().push("\r\n".join([_IN_OUR_WORDS.get(text, text)] * times))


class _SmtpDoorway(_Doorway):
    """SMTP."""


class _LmtpDoorway(_Doorway, LMTP):
    """LMTP, for a mail server in front of us."""


class Door:
    """All connections of one listening socket."""

    def __init__(self, rooms: Rooms, *, hostname: str, is_lmtp: bool = False) -> None:
        self.live: set[_Doorway] = set()
        self._handler = Handler(rooms, is_lmtp=is_lmtp)
        self._kind = _LmtpDoorway if is_lmtp else _SmtpDoorway
        self._hostname = hostname

    def doorway(self) -> _Doorway:
        """The protocol of a new connection, for `loop.create_server`."""
        made = self._kind(
            self._handler,
            hostname=self._hostname,
            ident="LMTP" if self._handler.is_lmtp else "ESMTP",
            data_size_limit=limits.SIZE,
            enable_SMTPUTF8=True,
            timeout=IDLE_S,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            loop=asyncio.get_running_loop(),
        )
        made.live = self.live
        return made

    def close(self) -> None:
        """Hang up on everybody; call it once nothing is being stored."""
        for doorway in list(self.live):
            if isinstance(doorway.transport, asyncio.Transport):
                doorway.transport.close()


def _channels_of(envelope: Envelope) -> dict[int, Channel]:
    """The channels of a mail's recipients so far, kept with it until RSET or the next mail."""
    channels: dict[int, Channel] = vars(envelope).setdefault("channels", {})
    return channels


def _said(session: Session, envelope: Envelope) -> dict[str, Any]:
    """What the client said, as text that a database takes."""
    peer: Any = session.peer
    sender = envelope.mail_from or ""
    return {
        "peer": str(peer[0]) if peer else "",
        "helo": _text(session.host_name or ""),
        "mail_from": "" if sender == "<>" else _text(sender),
        "rcpt_tos": [_text(address) for address in envelope.rcpt_tos],
    }


def _text(said: str) -> str:
    return said.replace("\x00", "").encode("utf-8", "replace").decode()[:1000]
