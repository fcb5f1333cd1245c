"""One mail and its reading; and short ways to write mails down."""

import base64
from dataclasses import dataclass, field
from typing import Any

DATE = "Date: Tue, 05 Mar 2024 10:00:00 +0100"


@dataclass(frozen=True)
class Case:
    """The bytes, and what of the printed line must be so. Text is compared without white space at
    its ends; `attachments` are (name, type, size)."""

    data: bytes
    says: dict[str, Any] = field(default_factory=dict)


def case(data: bytes | str, **says: Any) -> Case:
    """A case from a whole mail."""
    return Case(data if isinstance(data, bytes) else data.encode(), says)


def mail(body: bytes | str, *head: str | bytes, kind: str = "", sender: str = "") -> bytes:
    """A mail with a few ordinary headers, those given, and a body."""
    lines = [f"From: {sender or 'Ann <ann@x.example>'}", "To: support@desk.example", DATE]
    lines += (
        ["Subject: Help"] if not any(_text(h).lower().startswith("subject") for h in head) else []
    )
    lines += ["MIME-Version: 1.0", *([f"Content-Type: {kind}"] if kind else [])]
    all_lines = [*(line.encode() for line in lines), *(_bytes(line) for line in head)]
    return b"\n".join([*all_lines, b"", _bytes(body)])


def part(body: bytes | str, *head: str | bytes) -> bytes:
    """A part of a multipart with the headers given."""
    return b"\n".join([*map(_bytes, head), b"", _bytes(body)])


def multi(*parts: bytes, kind: str = "mixed", boundary: str = "b", more: str = "") -> bytes:
    """A mail of several parts."""
    return mail(
        joined(*parts, boundary=boundary), kind=f'multipart/{kind}; boundary="{boundary}"{more}'
    )


def joined(*parts: bytes, boundary: str = "b") -> bytes:
    """Parts with their delimiters."""
    dashed = f"--{boundary}".encode()
    return b"".join(b"%b\n%b\n" % (dashed, p) for p in parts) + dashed + b"--\n"


def nested(*parts: bytes, kind: str, boundary: str, more: str = "") -> bytes:
    """A multipart as a part of another."""
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"{more}'
    return part(joined(*parts, boundary=boundary), head)


def b64(data: bytes | str) -> bytes:
    """Base64 in lines, as mails have it."""
    return base64.encodebytes(_bytes(data)).rstrip()


PLAIN, HTML = "Content-Type: text/plain; charset=utf-8", "Content-Type: text/html; charset=utf-8"
BASE64 = "Content-Transfer-Encoding: base64"
QP = "Content-Transfer-Encoding: quoted-printable"
EIGHT = "Content-Transfer-Encoding: 8bit"


def _text(line: str | bytes) -> str:
    return line if isinstance(line, str) else line.decode("latin-1")


def _bytes(line: str | bytes) -> bytes:
    return line if isinstance(line, bytes) else line.encode()
