"""The mail inside a forwarded one: who wrote it, and what, as the forwarder's program shows it.

Either it is attached whole (message/rfc822), or its headers stand as text above its own text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from integrations.base import Authentication, CannotParse, Inbound, Person
from integrations.email import addresses, parse, quotes
from integrations.email.quotes.languages import words
from tickets.states import IdentityKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tickets.content import NewFile

_LINE = re.compile(r"[\s>*_]*([^\W\d_][^:：\n]{0,24}?)\*{0,2}[ \xa0]?[:：]\*{0,2}\s*(.*)")
_ADDRESS = re.compile(r"[^\s<>\[\]\"'(),;:]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_RULED = re.compile(r"\s*(?:[-_=*>]{2,}.*|[^\n]{1,60}[:：])\s*")
_WANTED = ("from", "date", "subject", "to", "cc")
_EMAIL = IdentityKind.EMAIL
_HEADERS_AT_LEAST, _MOST_LINES, _MOST_WRAPPED = 3, 16, 2


@dataclass(frozen=True, kw_only=True)
class Forwarded:
    """The mail inside, and what its forwarder wrote above it and put beside it, if anything."""

    original: Inbound
    comment: str = ""
    files: Sequence[NewFile] = ()


def looks_forwarded(inbound: Inbound) -> bool:
    """Whether it may hold another mail; cheap to ask of every mail."""
    return _is_named(inbound) or bool(_attached(inbound))


def _is_named(inbound: Inbound) -> bool:
    return quotes.is_forward(inbound.subject, text=inbound.text or "")


def inside(inbound: Inbound) -> Forwarded | None:
    """What was forwarded, when that is beyond doubt: one mail, of one sender.

    Nobody vouches for it: what a server of ours seems to say inside is the forwarder's text.
    """
    attached = _attached(inbound)
    if len(attached) > 1:
        return None
    found = _whole(inbound, attached[0]) if attached else _inline(inbound)
    if found is None or found.original.author is None:
        return None
    original = replace(found.original, authentication=Authentication.NONE, report=None)
    return replace(found, original=original)


def _attached(inbound: Inbound) -> list[NewFile]:
    return [file for file in inbound.content.files if file.content_type == "message/rfc822"]


def _whole(inbound: Inbound, file: NewFile) -> Forwarded | None:
    try:
        original = parse.parse(file.data, envelope={})
    except CannotParse:
        return None
    others = tuple(one for one in inbound.content.files if one is not file)
    # The colleague's new text alone; what their program quotes is in the mail itself.
    return Forwarded(original=original, comment=inbound.content.body.strip(), files=others)


def _inline(inbound: Inbound) -> Forwarded | None:
    lines = (inbound.text or "").split("\n")
    for start in range(len(lines)):
        found, stop = _headers_at(lines, start)
        if "from" in found and len(found) >= _HEADERS_AT_LEAST:
            return _read(inbound, lines, found, start=start, stop=stop)
    return None


def _headers_at(lines: list[str], start: int) -> tuple[dict[str, str], int]:
    """The headers that stand in a row from a line on, and where their row ends."""
    found: dict[str, str] = {}
    last, wrapped, stop = "", 0, start
    for number in range(start, min(start + _MOST_LINES, len(lines))):
        line = lines[number]
        match = _LINE.match(line[:300])
        role = _role(match[1], found) if match else ""
        if match and role:
            found[role] = match[2].strip()
            last, wrapped, stop = role, 0, number + 1
        elif not last or wrapped == _MOST_WRAPPED or not line.strip("> \t\xa0"):
            break
        else:
            # A long list of people goes on in the next line.
            found[last] += f" {line.strip()}"
            wrapped, stop = wrapped + 1, number + 1
    return found, stop


def _role(name: str, found: dict[str, str]) -> str:
    """What a header is called in any language; one that is there already is no second one."""
    said = words().headers.get(name.strip("*_ \xa0").casefold(), frozenset())
    named = next((role for role in _WANTED if role in said and role not in found), "")
    return named or ("other" if "other" in said else "")


def _read(
    inbound: Inbound, lines: list[str], found: dict[str, str], *, start: int, stop: int
) -> Forwarded | None:
    author = _person(found["from"])
    if author is None:
        return None
    body = _unmarked(lines[stop:])
    content = replace(inbound.content, body=body, quoted="", html="")
    original = replace(
        inbound,
        author=author,
        author_name=author.name,
        to=_people(found.get("to", "")),
        cc=_people(found.get("cc", "")),
        subject=found.get("subject") or inbound.subject.partition(":")[2].strip(),
        content=content,
        text=body,
        sent_at=_date(found.get("date", "")),
        answers=(),
    )
    return Forwarded(original=original, comment=_above(lines[:start]))


def _unmarked(lines: list[str]) -> str:
    """The text of the original, without the marks of a program that quotes what it forwards."""
    if all(line.startswith(">") for line in lines if line.strip()):
        lines = [line.removeprefix(">").removeprefix(" ") for line in lines]
    return "\n".join(lines).strip("\n").rstrip()


def _above(lines: list[str]) -> str:
    """The forwarder's words, without the line that announces the mail below."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if lines and _RULED.fullmatch(lines[-1][:200]):
        lines = lines[:-1]
    return "\n".join(lines).strip()


def _person(value: str) -> Person | None:
    """The one address of a line, however the program set it: in brackets, as a link, twice."""
    found = {address for text in _ADDRESS.findall(value) if (address := _canonical(text))}
    if len(found) != 1:
        return None
    address = found.pop()
    people = addresses.people_in(value)
    name = people[0].name if people and people[0] else ""
    name = name or re.split(r"[<\[(]", value, maxsplit=1)[0].strip("\"'* ")
    return Person(kind=_EMAIL, external_id=address, name="" if "@" in name else name[:200])


def _canonical(text: str) -> str | None:
    return addresses.canonical(text.removeprefix("mailto:").rstrip("."))


def _people(value: str) -> list[Person]:
    return addresses.everybody_in([value.replace(";", ",")])


def _date(value: str) -> datetime | None:
    """When it was written, where that is said as mails say it; other forms are read by people."""
    try:
        said = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return said if timezone.is_aware(said) else None
