"""Old mail where it lies: mbox files, Maildirs and folders of single mails.

Everything is found before anything is taken in, so that the oldest comes first and an answer
finds its question. Files are never changed and never read whole.
"""

from __future__ import annotations

import email.policy
import mmap
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path

# RFC 4155 and its dialects: a date stands in the line. Where a file's first line has none, none
# of its lines needs one.
_DATED = re.compile(
    rb"From [^\n]*?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? [^\n]*\d{1,2}:\d{2}"
)
_DAY = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)")
_DIVIDER = re.compile(rb"^From [^\n]*\n(?=[!-9;-~]{1,76}[ \t]*:|>From )", re.MULTILINE)
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d{1,12})[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_BLANK = re.compile(rb"\r?\n\r?\n")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
# Thunderbird leaves deleted mails in the file until it is compacted (bit 3); other programs keep
# a mail of their own in it that says so.
_MOZILLA = re.compile(rb"^X-Mozilla-Status:[ \t]*([0-9A-Fa-f]{4})", re.MULTILINE)
_DELETED = 0x0008
_INTERNAL = re.compile(rb"^X-IMAP(?:base)?:", re.MULTILINE)
_HEAD = 64 * 1024
_ENDINGS = {".eml", ".mbox", ".mbx"}
# A header that a server wrote is believed before what the sender's clock said.
_AGREES = timedelta(days=7)
_FIRST_MAIL = datetime(1971, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One mail: when it came, and where it stands. Sorts by that."""

    at: datetime
    path: str
    start: int
    end: int
    in_mbox: bool

    def read(self) -> bytes:
        """Its bytes as they were before a mailbox file took them. Raises OSError."""
        with Path(self.path).open("rb") as file:
            file.seek(self.start)
            data = file.read(self.end - self.start)
        return _QUOTED.sub(rb"\1", data) if self.in_mbox else data


@dataclass
class Search:
    """What was found below some paths, and what was passed over and why."""

    now: datetime
    mails: list[Found] = field(default_factory=list)
    deleted: int = 0
    others: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    def look(self, paths: Sequence[str]) -> None:
        """Find the mails, oldest first."""
        for path in paths:
            if Path(path).is_dir():
                self._walk(path)
            else:
                self._look_into(path, is_mail=True)
        self.mails.sort()

    def _walk(self, top: str) -> None:
        def refused(error: OSError) -> None:
            self.unreadable.append((str(error.filename), error.strerror or str(error)))

        for folder, below, names in os.walk(top, onerror=refused):
            is_maildir = _is_in_maildir(Path(folder))
            below[:] = sorted(name for name in below if name != "tmp")
            for name in sorted(names):
                path = str(Path(folder, name))
                if is_maildir and _is_thrown_away(name):
                    self.deleted += 1
                else:
                    self._look_into(path, is_mail=is_maildir or _looks_like_mail(name))

    def _look_into(self, path: str, *, is_mail: bool) -> None:
        """An mbox is known by its first line, a single mail by its place or name."""
        try:
            with Path(path).open("rb") as file:
                start = file.read(5)
                if start == b"From ":
                    self._add_mbox(path, file.fileno())
                elif is_mail:
                    self._add_single(path, start + file.read(_HEAD), os.fstat(file.fileno()))
                else:
                    self.others.append(path)
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else ""
            self.unreadable.append((path, said or str(error)))

    def _add_single(self, path: str, head: bytes, stat: os.stat_result) -> None:
        lay_since = datetime.fromtimestamp(stat.st_mtime, UTC)
        at = arrived_at(head, lay_since=lay_since, now=self.now)
        self.mails.append(Found(at, path, 0, stat.st_size, in_mbox=False))

    def _add_mbox(self, path: str, handle: int) -> None:
        lay_since = datetime.fromtimestamp(os.fstat(handle).st_mtime, UTC)
        with mmap.mmap(handle, 0, access=mmap.ACCESS_READ) as text:
            for line, start, end in _mails_in(text):
                head = text[start : min(end, start + _HEAD)]
                if _is_leftover(head):
                    self.deleted += 1
                    continue
                came = _said_in(line) or lay_since
                at = arrived_at(head, lay_since=came, now=self.now)
                self.mails.append(Found(at, path, start, end, in_mbox=True))


def _mails_in(text: mmap.mmap) -> Iterator[tuple[bytes, int, int]]:
    """The dividing line of each mail, where the mail starts, and where it ends."""
    ends = [(found.start(), found.end()) for found in _dividers(text)] + [(len(text), len(text))]
    for (line, start), (end, _next) in pairwise(ends):
        yield text[line:start], start, _without_blank(text, start, end)


def _dividers(text: mmap.mmap) -> Iterator[re.Match[bytes]]:
    are_dated = bool(_DATED.match(text))
    inside_until = 0
    for found in _DIVIDER.finditer(text):
        if found.start() < inside_until or not _stands_free(text, found.start()):
            continue
        if are_dated and not _DATED.match(found[0]):
            continue
        inside_until = _end_by_length(text, found.end())
        yield found


def _stands_free(text: mmap.mmap, start: int) -> bool:
    """Whether a line begins the file or follows an empty one."""
    before = text[max(0, start - 3) : start]
    return start == 0 or before.endswith((b"\n\n", b"\n\r\n"))


def _end_by_length(text: mmap.mmap, start: int) -> int:
    """Where Content-Length says that a mail ends, if a mail does end there; else its start."""
    blank = _BLANK.search(text, start, start + _HEAD)
    length = _LENGTH.search(text, start, blank.end()) if blank else None
    if not blank or not length:
        return start
    end = blank.end() + int(length[1])
    after = text[end : end + 7].lstrip(b"\r\n")
    return end if end <= len(text) and (not after or after.startswith(b"From ")) else start


def _without_blank(text: mmap.mmap, start: int, end: int) -> int:
    """An mbox ends each mail with an empty line that is not the mail's."""
    for blank in (b"\r\n\r\n", b"\n\n"):
        if end - start > len(blank) and text[end - len(blank) : end] == blank:
            return end - len(blank) // 2
    return end


def _is_leftover(head: bytes) -> bool:
    """Whether it is deleted, or the program's own and no mail."""
    blank = _BLANK.search(head)
    block = head[: blank.start()] if blank else head
    status = _MOZILLA.search(block)
    return bool((status and int(status[1], 16) & _DELETED) or _INTERNAL.search(block))


def _is_in_maildir(folder: Path) -> bool:
    return folder.name in {"cur", "new"} and (folder.parent / "cur").is_dir()


def _is_thrown_away(name: str) -> bool:
    """Trashed, or a draft, by the flags at the end of its name (maildir(5))."""
    flags = name.rpartition(":2,")[2] if ":2," in name else ""
    return "T" in flags or "D" in flags


def _looks_like_mail(name: str) -> bool:
    """`.eml`, or a bare number as in MH folders."""
    return Path(name).suffix.lower() in _ENDINGS or name.isdigit()


def arrived_at(head: bytes, *, lay_since: datetime, now: datetime) -> datetime:
    """When a mail came, aware, from its headers: its Date where a server agrees to within a week,
    else the last server's time, else its Date, else since when it lay there; never in the future.
    """
    parser = BytesHeaderParser(policy=email.policy.compat32)
    message = parser.parsebytes(head.lstrip(b"\r\n"))
    served = [at for value in _values(message, "Received") if (at := _said_in(value))]
    written = next((at for value in _values(message, "Date") if (at := _date(value))), None)
    if written and (not served or any(abs(at - written) <= _AGREES for at in served)):
        best = written
    else:
        best = served[0] if served else lay_since
    return min(best, now) if best > _FIRST_MAIL else min(lay_since, now)


def _values(message: Message, name: str) -> list[str]:
    return [str(value) for value in message.get_all(name, [])]


def _said_in(line: bytes | str) -> datetime | None:
    """The date after the last semicolon of a Received header, or in a dividing line."""
    text = line.decode("latin-1") if isinstance(line, bytes) else line
    if text.startswith("From "):
        day = _DAY.search(text)
        return _date(text[day.start() :]) if day else None
    return _date(text.rpartition(";")[2]) if ";" in text else None


def _date(text: str) -> datetime | None:
    try:
        said = parsedate_to_datetime(" ".join(text.split()))
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
