"""What a mail may weigh before anything looks into it: one cheap pass over the bytes.

Parsers have been made to run for minutes by a long header or a deep tree (security.md M10), so
the structure is counted here, in time linear to the size, and a mail over a limit is never
parsed: it is kept as received and shown to staff.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from integrations.base import CannotParse

SIZE = 40 * 1024 * 1024
HEADER_BLOCK = 256 * 1024
HEADER = 64 * 1024
ADDRESSES = 500
PARTS = 200
DEPTH = 20
ATTACHMENTS = 100
# A mail that uses more than this part of any of them is read in a process of its own.
_SUSPICIOUS = 0.5

_ADDRESSED = (b"from", b"to", b"cc", b"bcc", b"reply-to", b"sender", b"resent-to", b"resent-cc")
_HEADER_LINES = re.compile(rb"(?:(?:>?From |[!-9;-~]*+[\t ]*+:|[\t ])[^\n]*+(?:\n|\Z))*+")
_DELIMITER = re.compile(rb"^--([^\n]{1,200})$", re.MULTILINE)
_BOUNDARY = re.compile(
    rb'\bboundary(?:\*0?\*?)?[ \t]*=[ \t\n]*(?:"([^"\n]{1,200})|([^\s;"]{1,200}))', re.IGNORECASE
)
_MESSAGE = re.compile(
    rb"^content-type[ \t]*:\s*message/(?:rfc822|global)\b", re.IGNORECASE | re.MULTILINE
)
_DIGEST = re.compile(rb"^content-type[ \t]*:\s*multipart/digest\b", re.IGNORECASE | re.MULTILINE)
_NAMED = re.compile(rb"\battachment\b|\bname\*?", re.IGNORECASE)


class OverLimit(CannotParse):
    """The mail is larger or deeper than we read; `reason` is the code kept with the original."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(slots=True)
class Weight:
    """What the scan counted, each as the part of its limit that is used up."""

    used: float = 0.0

    @property
    def is_suspicious(self) -> bool:
        """Near enough to a limit to be read where it can do no harm."""
        return self.used > _SUSPICIOUS

    def note(self, number: int, *, of: int) -> None:
        """Count a quantity against its limit."""
        self.used = max(self.used, number / of)


@dataclass(frozen=True, slots=True)
class _Open:
    """A multipart we are inside of: its boundary, how deep it is, and what its parts are."""

    boundary: bytes
    depth: int
    is_digest: bool


def check(data: bytes) -> Weight:
    """Let a mail of bearable weight pass, and say how heavy it is.

    Raises OverLimit with a sentence for staff. A boundary that only pretends to be one counts,
    so the numbers err to the side of too many.
    """
    _demand(
        len(data) <= SIZE,
        reason="too_large",
        message=_("The mail is larger than %(limit)d MB.") % {"limit": SIZE >> 20},
    )
    # The standard parser ends lines at a bare CR as well, so the count must too.
    text = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    count = _Count(text)
    count.run()
    count.weight.note(len(data), of=SIZE)
    return count.weight


class _Count:
    """One pass over the parts."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.parts = 0
        self.attachments = 0
        self.open: list[_Open] = []
        self.weight = Weight()

    def run(self) -> None:
        self.weight.note(_check_addresses(_block_at(self.text, 0)), of=ADDRESSES)
        self._enter(0, depth=0, is_message=False)
        for found in _DELIMITER.finditer(self.text):
            self._meet(found)

    def _meet(self, found: re.Match[bytes]) -> None:
        line = found[1].rstrip()
        for level in range(len(self.open) - 1, -1, -1):
            here = self.open[level]
            if line == here.boundary:
                del self.open[level + 1 :]
                self._enter(found.end() + 1, depth=here.depth, is_message=here.is_digest)
                return
            if line == here.boundary + b"--":
                # Open still: more parts after the last one are read, too.
                del self.open[level + 1 :]
                return

    def _enter(self, start: int, *, depth: int, is_message: bool) -> None:
        """Read the header block of a part, and of the messages that it consists of."""
        while True:
            block = _block_at(self.text, start)
            self._count(block, depth=depth)
            self._weigh(block, depth=depth)
            if boundary := _BOUNDARY.search(block):
                name = (boundary[1] or boundary[2]).rstrip()
                self.open.append(_Open(name, depth + 1, bool(_DIGEST.search(block))))
                _demand_depth(depth + 1)
                return
            if not (is_message or _MESSAGE.search(block)):
                return
            start += len(block)
            start += self.text.startswith(b"\n", start)
            depth, is_message = depth + 1, False
            _demand_depth(depth)

    def _weigh(self, block: bytes, *, depth: int) -> None:
        self.weight.note(depth, of=DEPTH)
        self.weight.note(self.parts, of=PARTS)
        self.weight.note(self.attachments, of=ATTACHMENTS)
        self.weight.note(len(block), of=HEADER_BLOCK)
        if len(block) > HEADER * _SUSPICIOUS:
            self.weight.note(max(map(len, headers_in(block))), of=HEADER)

    def _count(self, block: bytes, *, depth: int) -> None:
        self.parts += 1
        self.attachments += bool(depth and _NAMED.search(block))
        _demand(
            self.parts <= PARTS,
            reason="too_many_parts",
            message=_("The mail has more than %(limit)d parts.") % {"limit": PARTS},
        )
        _demand(
            self.attachments <= ATTACHMENTS,
            reason="too_many_attachments",
            message=_("The mail has more than %(limit)d attachments.") % {"limit": ATTACHMENTS},
        )


def _block_at(text: bytes, start: int) -> bytes:
    """The header block that begins at `start`, within its limits; it ends where the standard
    parser would end it: at the first line that is no header."""
    end = start + HEADER_BLOCK + 1
    found = _HEADER_LINES.match(text, start, end)
    block = found[0] if found else b""
    # A line that the window cut in its name is a header as well.
    is_cut = end < len(text) and text.rfind(b"\n", start, end) + 1 == start + len(block) > start
    _demand(
        not is_cut
        and len(block) <= HEADER_BLOCK
        and all(len(h) <= HEADER for h in headers_in(block)),
        reason="headers_too_large",
        message=_("The headers of the mail are larger than %(block)d kB, or one than %(one)d kB.")
        % {"block": HEADER_BLOCK >> 10, "one": HEADER >> 10},
    )
    return block


def headers_in(block: bytes) -> list[bytes]:
    """The headers of a block, each with its folded lines."""
    return re.split(rb"\n(?![ \t])", block)


def _check_addresses(block: bytes) -> int:
    found = 0
    for header in headers_in(block):
        name, _colon, value = header.partition(b":")
        if name.strip().lower() in _ADDRESSED:
            # "Name, First" <a@b> has two commas for one address.
            found += max(value.count(b"@"), value.count(b",") // 2)
    _demand(
        found <= ADDRESSES,
        reason="too_many_addresses",
        message=_("The mail names more than %(limit)d addresses.") % {"limit": ADDRESSES},
    )
    return found


def _demand_depth(depth: int) -> None:
    _demand(
        depth <= DEPTH,
        reason="too_deep",
        message=_("The parts of the mail are nested more than %(limit)d deep.") % {"limit": DEPTH},
    )


def _demand(holds: bool, *, reason: str, message: str) -> None:  # noqa: FBT001
    if not holds:
        raise OverLimit(message, reason=reason)
