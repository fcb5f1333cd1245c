"""From the bytes of a mail to the tree of its parts (RFC 5322, 2045, 2046), read as broken as it
comes: every byte of a body stays where it was, so a mail within a mail is kept to the byte.

The standard parser is lost on headers with a space before the colon, changes an embedded mail on
the way out and takes quadratic time on some input. This one cuts slices, a level at a time and
without recursion; what `limits` let pass takes time linear to the size. Its parts are standard
messages all the same, so that libraries can read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from typing import Any

from integrations.email import headers, params, transfer

# As `limits` does: a line ends at CRLF, LF, or a bare CR; what is no header ends the headers.
_LINE = re.compile(rb"([^\r\n]*+)(\r\n|\n|\r|\Z)")
_NAME = re.compile(rb"([!-9;-~]*+)[ \t]*+:")
_MBOX = re.compile(rb">?From ")
_DASHES = re.compile(
    rb"^--([^\s][^\r\n]{0,200}?)[ \t]*(?:\r\n|\n|\r)(?=content-)", re.MULTILINE | re.IGNORECASE
)
_TYPE = re.compile(r"([a-z0-9!#$&^_.+-]+)\s*/\s*([a-z0-9!#$&^_.+*-]+)")
_SHORT_TYPES = {"text": "text/plain", "html": "text/html", "multipart": "multipart/mixed"}
# The tree below a part that is deeper than any mail that `limits` lets pass.
_DEEPEST = 60


class Part(Message):
    """A mail or a part of one; the bytes are slices of the `source` it was read from."""

    source: bytes = b""
    start: int = 0
    begins: int = 0
    end: int = 0

    def __init__(self, *, default_type: str = "text/plain") -> None:
        super().__init__(policy=headers.POLICY)
        self.children: list[Part] = []
        self.set_default_type(default_type)

    @property
    def whole(self) -> bytes:
        """Headers and body as they came."""
        return self.source[self.start : self.end]

    @property
    def raw(self) -> bytes:
        """The body as it came."""
        return self.source[self.begins : self.end]

    @property
    def data(self) -> bytes:
        """The body with its transfer encoding undone."""
        return transfer.decode(self.raw, encoding=self.encoding)

    @property
    def encoding(self) -> str:
        """The transfer encoding as written, without comments."""
        return params.token(str(self.get("Content-Transfer-Encoding") or ""))

    def consist_of(self, children: list[Part]) -> None:
        """Take the parts of a multipart, or the one mail within a message part."""
        self.children = children
        self.set_payload([*children])

    def parameter(self, name: str, *, header: str = "Content-Type") -> str:
        """A parameter of a header by RFC 2231, or an empty string."""
        return params.parse(str(self.get(header) or "")).get(name, "")

    def get_content_type(self) -> str:
        """As declared, or what RFC 2045 5.2 and RFC 2046 5.1.5 say to assume."""
        said = str(self.get("Content-Type") or "").strip().lower()
        if found := _TYPE.match(said):
            return f"{found[1]}/{found[2]}"
        if not said:
            return str(self.get_default_type())
        return _SHORT_TYPES.get(params.token(said), "text/plain")

    def get_payload(self, i: Any = None, decode: Any = False) -> Any:  # noqa: FBT002 - its signature
        """As the standard class does, from the slices."""
        if self.is_multipart():
            return super().get_payload(i, decode)
        return self.data if decode else self.raw.decode("ascii", "surrogateescape")

    def as_bytes(self, *_args: Any, **_kwargs: Any) -> bytes:
        """The bytes as they came."""
        return self.whole


def read(data: bytes) -> Part:
    """The tree of a mail; never raises for what the bytes are."""
    root = _part(data, 0, len(data), is_first=True)
    waiting = [(root, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth < _DEEPEST:
            _divide(part)
            waiting.extend((child, depth + 1) for child in part.children)
    return root


def _part(
    source: bytes, start: int, end: int, *, is_first: bool = False, default_type: str = "text/plain"
) -> Part:
    part = Part(default_type=default_type)
    part.source, part.start, part.end = source, start, end
    at = _read_unixfrom(part) if is_first else start
    part.begins = _read_headers(part, at)
    return part


def _read_unixfrom(part: Part) -> int:
    """Pipes and mailboxes put a line "From sender date" before the mail."""
    at = part.start
    found = _LINE.match(part.source, at, part.end)
    if found and _MBOX.match(found[1]):
        part.set_unixfrom(found[1].decode("ascii", "replace"))
        at = found.end()
    return at


def _read_headers(part: Part, at: int) -> int:
    """Take the headers in; gives where the body begins."""
    name, lines = "", [b""]
    while at < part.end:
        found = _LINE.match(part.source, at, part.end)
        assert found
        line = found[1]
        if line[:1] in {b" ", b"\t"} and name:
            lines.append(line)
        else:
            header = _NAME.match(line)
            if header is None:
                break
            _keep(part, name, lines)
            name, lines = header[1].decode("ascii") or "-", [line[header.end() :]]
        at = found.end()
    _keep(part, name, lines)
    if found := _LINE.match(part.source, at, part.end):
        # The empty line belongs to neither; without one the body begins right here.
        is_gap = not (found[1] if part.keys() else found[1].strip())
        return found.end() if is_gap else at
    return at


def _keep(part: Part, name: str, lines: list[bytes]) -> None:
    if name not in {"", "-"}:
        value = b"\n".join(lines).strip(b" \t\n")
        part.set_raw(name, value.decode("ascii", "surrogateescape"))


def _divide(part: Part) -> None:
    kind = part.get_content_type()
    if kind.startswith("multipart/"):
        children = _parts_of(part, is_digest=kind == "multipart/digest")
        if not children and part.encoding in {"base64", "quoted-printable"}:
            # Forbidden by RFC 2045 6.4, and done.
            part.source, part.start, part.begins = part.data, 0, 0
            part.end = len(part.source)
            children = _parts_of(part, is_digest=kind == "multipart/digest")
        if children:
            part.consist_of(children)
    elif kind == "message/delivery-status":
        part.consist_of(list(_blocks_of(part)))
    elif kind.startswith("message/"):
        part.consist_of([_within(part)])


def _within(part: Part) -> Part:
    """The mail in a message part; the same bytes once more only where they were encoded."""
    if part.encoding in {"base64", "quoted-printable"}:
        data = part.data
        return _part(data, 0, len(data), is_first=True)
    return _part(part.source, part.begins, part.end, is_first=True)


def _parts_of(part: Part, *, is_digest: bool) -> list[Part]:
    default = "message/rfc822" if is_digest else "text/plain"
    boundary = part.parameter("boundary").rstrip()
    ranges = _ranges(part, boundary.encode("utf-8", "surrogateescape")) if boundary else []
    if not ranges:
        ranges = _ranges(part, sniffed) if (sniffed := _sniffed(part)) else []
    return [_part(part.source, start, end, default_type=default) for start, end in ranges]


def _sniffed(part: Part) -> bytes:
    """The boundary a multipart uses without having declared it: the first line of its looks."""
    found = _DASHES.search(part.source, part.begins, part.end)
    return found[1] if found else b""


def _ranges(part: Part, boundary: bytes) -> list[tuple[int, int]]:
    """Where the parts between the delimiter lines begin and end (RFC 2046 5.1.1)."""
    ranges: list[tuple[int, int]] = []
    open_at: int | None = None
    for start, end, is_last in _delimiters(part, b"--" + boundary):
        if open_at is not None:
            ranges.append((open_at, max(open_at, _before_newline(part, start))))
        # Nothing should follow the last one (5.1.1), but where parts do, they are read.
        open_at = None if is_last else end
    if open_at is not None:
        ranges.append((open_at, part.end))
    return ranges


def _delimiters(part: Part, dashed: bytes) -> Iterator[tuple[int, int, bool]]:
    line = re.compile(re.escape(dashed) + rb"(--)?[ \t]*(?:\r\n|\n|\r|\Z)")
    source, at = part.source, part.begins
    while (at := source.find(dashed, at, part.end)) >= 0:
        found = line.match(source, at, part.end) if _is_line_start(part, at) else None
        if found:
            yield at, found.end(), bool(found[1])
        at = found.end() if found else at + len(dashed)


def _is_line_start(part: Part, at: int) -> bool:
    return at == part.begins or part.source[at - 1 : at] in {b"\r", b"\n"}


def _before_newline(part: Part, at: int) -> int:
    """The line break before a delimiter is part of the delimiter."""
    if part.source[at - 2 : at] == b"\r\n":
        return at - 2
    return at - 1 if at > part.begins and part.source[at - 1 : at] in {b"\r", b"\n"} else at


def _blocks_of(part: Part) -> Iterator[Part]:
    """A delivery status is blocks of headers (RFC 3464 2.1)."""
    data, at = part.data, 0
    while at < len(data):
        block = _part(data, at, len(data))
        if block.begins <= at:
            # No header and no empty line: the rest is nothing of the kind.
            return
        at = block.begins
        block.end = block.begins
        if block.keys():
            yield block
