"""What went wrong with a mailbox: at which step, and in the server's own words."""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import DatabaseError
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from integrations.email.headers import clean

if TYPE_CHECKING:
    from integrations.email.imap.wire import Client

_LONGEST = 500
# Answers that ask for patience (RFC 5530 and what large providers write); never a mail's fault.
_BUSY = re.compile(
    r"\[(?:THROTTLED|UNAVAILABLE|INUSE|LIMIT)\b"
    r"|throttl|too many|try again|temporar",
    re.IGNORECASE,
)


class Step(StrEnum):
    """How far one gets with a mailbox, in this order."""

    SETTINGS = "settings"
    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    GREETING = "greeting"
    TOKEN = "token"  # noqa: S105 - the step at which an access token is fetched
    LOGIN = "login"
    FOLDER = "folder"
    READ = "read"
    TIDY = "tidy"


class Trouble(Exception):
    """A step that failed. `is_refusal`: the server answered NO or BAD and the line still holds."""

    def __init__(self, step: Step, words: str, *, is_refusal: bool = False) -> None:
        super().__init__(words)
        self.step = step
        self.words = words
        self.is_refusal = is_refusal

    @property
    def is_busy(self) -> bool:
        """Whether the server asked for patience."""
        is_answer = self.is_refusal or self.words.startswith("BYE")
        return is_answer and bool(_BUSY.search(self.words))


class LeaseLost(Exception):
    """Somebody else reads this folder by now; whatever we have in hand is theirs to fetch."""


@contextlib.contextmanager
def step(name: Step, client: Client) -> Iterator[None]:
    """Turn whatever a server makes the library raise into a Trouble of this step."""
    client.forget()
    try:
        yield
    except (Trouble, LeaseLost, DatabaseError):
        raise
    # Servers are strange: the library raises its own errors, those of the socket, and what it
    # never promised on garbled answers.
    except Exception as error:
        is_answer = isinstance(error, IMAPClientError)
        is_refusal = is_answer and not isinstance(error, IMAPClientAbortError)
        words = (is_answer and client.complaint) or as_words(error)
        raise Trouble(
            name, client.without_secrets(words), is_refusal=is_refusal and client.is_refused
        ) from error


def as_words(error: BaseException | str) -> str:
    """An error as one clean line."""
    text = str(error) or type(error).__name__
    if isinstance(error, ssl.SSLCertVerificationError):
        text = error.verify_message
    elif isinstance(error, imaplib.IMAP4.error) and error.args and isinstance(error.args[0], bytes):
        text = error.args[0].decode("utf-8", "replace")
    return clean(text)[:_LONGEST]
