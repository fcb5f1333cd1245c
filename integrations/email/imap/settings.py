"""What a channel says about its mailbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.dateparse import parse_date

from integrations import sealed
from integrations.email.oauth import OAuth, oauth_of

if TYPE_CHECKING:
    from integrations.models import Channel


class Security(StrEnum):
    """How the line is protected; certificates are always verified."""

    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


class ReadFrom(StrEnum):
    """What of a mailbox that has mail already comes in on the first connect."""

    NOW = "now"
    DATE = "date"
    EVERYTHING = "everything"


class After(StrEnum):
    """What happens to the server's copy of a mail once we have it."""

    LEAVE = "leave"
    SEEN = "seen"
    MOVE = "move"


PORTS = {Security.TLS: 993, Security.STARTTLS: 143, Security.PLAIN: 143}
FOLDER = "INBOX"
# What stands in `Channel.config` for receiving by IMAP; the admin's form has a field for each.
CONFIG = (
    "imap_host",
    "imap_port",
    "imap_security",
    "imap_user",
    "imap_folder",
    "imap_auth",
    "oauth_grant",
    "oauth_token_url",
    "oauth_client_id",
    "oauth_scope",
    "read_from",
    "read_from_date",
    "after_reading",
    "move_to",
)


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """One folder on a server, and how to get into it."""

    host: str
    port: int
    user: str
    security: Security = Security.TLS
    folder: str = FOLDER
    password: str = field(default="", repr=False)
    oauth: OAuth | None = None
    read_from: ReadFrom = ReadFrom.NOW
    read_from_date: datetime | None = None
    after: After = After.LEAVE
    move_to: str = ""

    @property
    def account(self) -> str:
        """The account the folder is in: another one has other mail under the same numbers."""
        return f"{self.user}@{self.host}:{self.port}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may stand in no message and no log."""
        return (self.password, *(self.oauth.secrets if self.oauth else ()))


def mailbox_of(channel: Channel) -> Mailbox | None:
    """The mailbox a channel is to read, or None. Raises crypto.CannotUnseal."""
    config: dict[str, Any] = channel.config
    if not config.get("imap_host"):
        return None
    secrets = sealed.opened(channel)
    security = Security(config.get("imap_security") or Security.TLS)
    return Mailbox(
        host=config["imap_host"],
        port=int(config.get("imap_port") or PORTS[security]),
        user=config.get("imap_user") or "",
        security=security,
        folder=config.get("imap_folder") or FOLDER,
        password=secrets.get("imap_password", ""),
        oauth=oauth_of(channel, secrets),
        read_from=ReadFrom(config.get("read_from") or ReadFrom.NOW),
        read_from_date=_day(config.get("read_from_date")),
        after=After(config.get("after_reading") or After.LEAVE),
        move_to=config.get("move_to") or "",
    )


def _day(text: str | None) -> datetime | None:
    day = parse_date(text) if text else None
    return datetime.combine(day, time.min, tzinfo=UTC) if day else None
