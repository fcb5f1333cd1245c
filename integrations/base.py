"""What every channel speaks: plain data in, plain data out, and errors that say what to do.

An adapter turns its wire format into `Inbound` and an `Outbound` into its wire format. It never
touches tickets; `integrations.inbound` and `integrations.outbound` do that for all channels.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from tickets.content import Content
from tickets.states import IdentityKind

if TYPE_CHECKING:
    from integrations.models import Channel, Delivery, RawInbound


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody as the channel names them."""

    kind: IdentityKind
    external_id: str
    name: str = ""


class Authentication(StrEnum):
    """What a server we trust said about the sender's claim (decisions.md, Who speaks)."""

    PASS = "pass"  # noqa: S105 - the word of RFC 8601
    FAIL = "fail"
    NONE = "none"


class Machine(StrEnum):
    """Why a message is known not to be written by a person; it is never answered.

    `generated` and `list` are read as requests all the same, the others open no ticket.
    """

    AUTO_REPLY = "auto_reply"
    GENERATED = "generated"
    LIST = "list"
    BOUNCE = "bounce"
    CALENDAR = "calendar_reply"
    COMPLAINT = "complaint"
    RECEIPT = "receipt"
    LOOP = "loop"


class Fate(StrEnum):
    """What became of a mail of ours, as somebody else's server reports it."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    # Its reader pressed "this is spam" (RFC 5965).
    COMPLAINT = "complaint"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a server reports about a mail of ours: in its own words, about whom.

    `returned` are the ids found in the mail it returns, the surest first; `addresses` are those
    it names, which may be others than we wrote to.
    """

    fate: Fate
    addresses: Sequence[str] = ()
    said: str = ""
    returned: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """One message as understood; `author` is None when nobody can be made out for sure, and
    `author_name` then is what the sender calls themselves, if anything.

    `remote_id` is the id the outside knows it by, `answers` the ids it refers to, nearest
    first. `text` is the whole text in its order, of which `content` has the new and the quoted
    part; `html` is the HTML it brought, `content` has what a reader is shown. `sha256` is of the
    text and files, to tell a repeated id from a repeated message.
    """

    remote_id: str
    answers: Sequence[str] = ()
    author: Person | None = None
    author_name: str = ""
    to: Sequence[Person] = ()
    cc: Sequence[Person] = ()
    subject: str = ""
    content: Content
    text: str | None = None
    html: str | None = None
    sent_at: datetime | None = None
    authentication: Authentication = Authentication.NONE
    machine: Machine | None = None
    report: Report | None = None
    is_spam: bool = False
    sha256: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The other side took it: the id it gave, if any, and its own words."""

    remote_id: str = ""
    response: str = ""


class CannotParse(Exception):
    """The bytes are no message we can make out; staff are shown the original and the sentence.

    `reason` is the code kept with the original.
    """

    reason = "unparsable"


class DeliveryError(Exception):
    """The other side did not take it.

    `permanent`: trying again is no use. `ambiguous`: the connection was cut after the text, so
    it may have been taken. `unknown`: there is no such address.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.unknown = unknown


@dataclass(frozen=True, kw_only=True)
class House:
    """What a channel that listens needs of the listener.

    `wake` has a stored original read, and cannot fail; `run` calls a function that blocks, such
    as one that asks the database, in a thread beside the loop.
    """

    wake: Callable[[int], object]
    run: Callable[..., asyncio.Future[Any]]


class Adapter(Protocol):
    """One kind of channel."""

    def parse(self, raw: RawInbound, data: bytes) -> Inbound:
        """Understand received bytes. Raises CannotParse."""

    def listens(self, channel: Channel) -> bool:
        """Whether somebody has to wait for what this channel receives."""

    async def listen(self, channel: int, house: House) -> None:
        """Wait for it and keep it, until cancelled; writes originals and cursors alone."""

    def send(self, delivery: Delivery) -> Receipt:
        """Render a delivery's frozen inputs and hand it over. Raises DeliveryError."""
