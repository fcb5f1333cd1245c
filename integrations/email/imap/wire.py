"""The line to an IMAP server: opened step by step, with what the server said kept in its words.

The library does the protocol. Ours is how the line is opened, so that each step can be told; what
the server said last; a bound on what it may send at once; and waiting, which has to look into
the library's buffer before it looks at the socket.
"""

from __future__ import annotations

import imaplib
import io
import re
import select
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any, cast

from imapclient import IMAPClient, SocketTimeout
from imapclient.response_parser import parse_fetch_response

from integrations.email import limits
from integrations.email.imap.settings import Mailbox, Security
from integrations.email.imap.trouble import Step, Trouble, as_words

Tell = Callable[[Step, str], None]

CONNECT_S = 10
# A mail over our limit is not asked for; more than this in one piece is no honest answer.
_LONGEST_LITERAL = 2 * limits.SIZE
_STATUS = re.compile(rb"(?:(?P<tag>[^\s*+]\S*) (?:OK|NO|BAD)|\* (?:NO|BAD|BYE))\b")
_NEWS = re.compile(rb"\* \d+ EXISTS\b")
_REFUSED, _NOT_OK = re.compile(r"(?:NO|BAD)\b"), re.compile(r"(?:NO|BAD|BYE)\b")


def tell_nobody(_step: Step, _words: str) -> None:
    """Nobody asked for the steps."""


class _Wire(imaplib.IMAP4):
    """The library's line; see above for what differs."""

    def __init__(self, mailbox: Mailbox, tell: Tell) -> None:
        self.said = ""
        self.has_news = False
        self._mailbox, self._tell = mailbox, tell
        super().__init__(mailbox.host, mailbox.port, timeout=CONNECT_S)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        line = _dialled(self._mailbox, self._tell, timeout=timeout)
        if self._mailbox.security != Security.TLS:
            return line
        return _wrapped(line, self._mailbox, self._tell)

    def read(self, size: int) -> bytes:
        """A literal of the announced size."""
        if size > _LONGEST_LITERAL:
            raise self.abort(f"the server announces {size} bytes at once")
        return super().read(size)

    def readline(self) -> bytes:
        """A line; its status and its news are noted."""
        line = super().readline()
        if found := _STATUS.match(line):
            words = line[len(found["tag"] or b"*") + 1 :]
            self.said = as_words(words.decode("utf-8", "replace"))
        elif _NEWS.match(line):
            self.has_news = True
        return line

    def has_more(self, seconds: float) -> bool:
        """Whether the server says something within so many seconds, the end of the line too."""
        kept = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            # The buffered file of a socket is a BufferedReader.
            if cast(io.BufferedReader, self.file).peek(1):
                return True
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        finally:
            self.sock.settimeout(kept)
        poller = select.poll()
        poller.register(self.sock, select.POLLIN)
        return bool(poller.poll(seconds * 1000))


def _dialled(mailbox: Mailbox, tell: Tell, *, timeout: float | None) -> socket.socket:
    try:
        found = socket.getaddrinfo(mailbox.host, mailbox.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Trouble(Step.RESOLVE, as_words(error)) from error
    addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
    tell(Step.RESOLVE, ", ".join(addresses))
    problem: OSError | None = None
    for address in addresses:
        try:
            line = socket.create_connection((address, mailbox.port), timeout=timeout)
        except OSError as error:
            problem = error
        else:
            tell(Step.CONNECT, f"{address}:{mailbox.port}")
            return line
    raise Trouble(Step.CONNECT, f"{', '.join(addresses)}:{mailbox.port}: {as_words(problem or '')}")


def _wrapped(line: socket.socket, mailbox: Mailbox, tell: Tell) -> ssl.SSLSocket:
    """The line under TLS, its certificate verified. Raises Trouble."""
    try:
        secure = ssl.create_default_context().wrap_socket(line, server_hostname=mailbox.host)
    except (OSError, ValueError) as error:
        line.close()
        raise Trouble(Step.TLS, as_words(error)) from error
    tell(Step.TLS, secure.version() or "")
    return secure


class Client(IMAPClient):  # type: ignore[misc]
    """The library's client on our line."""

    def __init__(self, mailbox: Mailbox, *, tell: Tell = tell_nobody, answer_s: float) -> None:
        self._mailbox, self._tell = mailbox, tell
        super().__init__(
            mailbox.host,
            port=mailbox.port,
            ssl=mailbox.security == Security.TLS,
            timeout=SocketTimeout(CONNECT_S, answer_s),
        )

    def _create_IMAP4(self) -> _Wire:  # noqa: N802 - the library's name
        return _Wire(self._mailbox, self._tell)

    @property
    def wire(self) -> _Wire:
        """The line."""
        line: _Wire = self._imap
        return line

    @property
    def said(self) -> str:
        """The status the server gave last, as in "NO [AUTHENTICATIONFAILED] …"."""
        return self.wire.said

    @property
    def is_refused(self) -> bool:
        """Whether that was a NO or BAD."""
        return bool(_REFUSED.match(self.said))

    @property
    def cipher(self) -> str:
        """The version of TLS that protects the line, or nothing."""
        line = self.wire.sock
        return (line.version() or "") if isinstance(line, ssl.SSLSocket) else ""

    @property
    def complaint(self) -> str:
        """What the server said last, where that was no OK."""
        return self.said if _NOT_OK.match(self.said) else ""

    def forget(self) -> None:
        """What the server says from here on is about what comes next."""
        self.wire.said = ""

    def without_secrets(self, words: str) -> str:
        """Some servers repeat what they were given."""
        for secret in self._mailbox.secrets:
            words = words.replace(secret, "***") if secret else words
        return words

    def rows(self, uids: str | Iterable[int], *items: str) -> dict[int, dict[bytes, Any]]:
        """What UID FETCH answers, by UID, other mails the server tells of included.

        `uids` may be a range, which the library's own `fetch` does not take. Raises its errors.
        """
        asked = uids if isinstance(uids, str) else ",".join(map(str, uids))
        if not asked:
            return {}
        kind, answer = self.wire.uid("FETCH", asked, f"({' '.join(items)})")
        self._checkok("fetch", kind, answer)
        return dict(parse_fetch_response(answer, normalise_times=False))

    def begin_idle(self) -> None:
        """Enter IDLE (RFC 2177); what the server says before its "+" is taken in as news.

        The library's own way takes such lines for an error. Raises its errors.
        """
        tag = self.wire._command("IDLE")
        while self.wire._get_response() is not None:
            if answer := self.wire.tagged_commands.pop(tag, None):
                raise self.Error(str(answer))
        self._idle_tag = tag

    def hang_up(self) -> None:
        """End it from another thread: whoever waits on the line wakes up with an error."""
        try:
            self.wire.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
