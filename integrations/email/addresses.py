"""One canonical address or none.

Parsers that disagree about who wrote a mail have given away accounts (CVE-2023-27043,
CVE-2019-16056; security.md M06), so whatever two readers could read in two ways names nobody.
The text is walked once, without recursion.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from integrations.base import Person
from integrations.email import headers
from tickets.states import IdentityKind

_LONGEST = 254
_LOCAL = re.compile(r"[^\x00-\x20\x7f()<>\[\]:;@\\,\"]{1,128}")
_ADDRESS = re.compile(r"[^\s<>\"'()]{1,128}@[\w-]{1,63}\.[\w.-]{1,190}")
_ANGLE = re.compile(r"<[^<>\s]{1,128}@[^<>\s]{1,190}>")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}|\[[0-9a-fA-F:.]{{3,45}}\]")


@dataclass
class _Entry:
    """One address as written: what stands in angle brackets, and what stands outside."""

    outside: list[str] = field(default_factory=list)
    inside: str | None = None
    comments: list[str] = field(default_factory=list)
    is_doubtful: bool = False


def author_of(values: list[str]) -> Person | None:
    """Who the From headers name, or None unless exactly one address can be meant."""
    people = [person for value in values for person in people_in(value, all_or_none=True)]
    if not people or None in people:
        return None
    first = people[0]
    same = all(person and first and person.external_id == first.external_id for person in people)
    return first if same else None


def name_of(values: list[str]) -> str:
    """A display name to call an unreadable sender by; may be empty."""
    entries = [entry for value in values for entry in _split(value)]
    return next((name for entry in entries if (name := _name(entry))), "")[:200]


def everybody_in(values: list[str]) -> list[Person]:
    """The people of To or Cc, each once; what cannot be read for sure is left out."""
    found: dict[str, Person] = {}
    for value in values:
        for person in people_in(value):
            if person:
                found.setdefault(person.external_id, person)
    return list(found.values())


def people_in(value: str, *, all_or_none: bool = False) -> list[Person | None]:
    """One item for each address of a header; None stands for one that cannot be made out.

    With `all_or_none` a group, whose members are not the author, is one such item.
    """
    people = [_person(entry) for entry in _split(value)]
    if all_or_none and any(_is_group(entry) for entry in _split(value)):
        return [None]
    return people


def canonical(address: str) -> str | None:
    """The form under which an address is known: lower case, composed; None for a doubtful one."""
    # Letters that become plain ASCII on the way name somebody else in the end.
    if any(not letter.isascii() and _folded(letter).isascii() for letter in address):
        return None
    address = unicodedata.normalize("NFC", address.strip())
    local, _at, domain = address.rpartition("@")
    if len(address) > _LONGEST or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return None
    # Some readers decode an encoded word here.
    return None if "=?" in local else address.lower()


def _folded(letter: str) -> str:
    return unicodedata.normalize("NFKC", letter).lower()


def _person(entry: _Entry) -> Person | None:
    written = entry.inside if entry.inside is not None else "".join(entry.outside)
    address = None if entry.is_doubtful else canonical(written)
    if address is None or _names_another(entry, address):
        return None
    return Person(kind=IdentityKind.EMAIL, external_id=address, name=_name(entry)[:200])


def _names_another(entry: _Entry, address: str) -> bool:
    """Whether an unquoted name is itself an address, and of somebody else."""
    if entry.inside is None:
        return False
    bare = "".join(text for text in entry.outside if not text.startswith('"'))
    return any(found.lower() != address for found in _ADDRESS.findall(bare))


def _name(entry: _Entry) -> str:
    """The display name: words and quoted strings in a row, or else the comment (RFC 5322 3.4)."""
    outside = "".join(_unquoted(entry.outside)) if entry.inside is not None else ""
    name = headers.words(outside) or headers.words(" ".join(entry.comments))
    # Encoded words may hold the quotes that should have stood around them.
    for mark in ('"', "'"):
        if len(name) > 1 and name[0] == name[-1] == mark:
            name = name[1:-1].strip()
    return name


def _unquoted(pieces: list[str]) -> list[str]:
    is_quoted = (len(piece) > 1 and piece[0] == piece[-1] == '"' for piece in pieces)
    return [
        piece[1:-1] if quoted else piece for piece, quoted in zip(pieces, is_quoted, strict=True)
    ]


def _is_group(entry: _Entry) -> bool:
    return entry.inside == ""


def _split(value: str) -> list[_Entry]:
    """Cut a header into its addresses.

    One that was encoded whole, which RFC 2047 5 forbids and many scripts do, is decoded first: a
    reader who does not do that finds no address at all in it, so none finds another.
    """
    if "@" not in value and "=?" in value and _ANGLE.search(decoded := headers.words(value)):
        value = decoded
    return _Reader(value).read()


class _Reader:
    """Walks a header value letter by letter: quotes, nested comments, brackets, groups."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.at = 0
        self.entry = _Entry()
        self.entries: list[_Entry] = []

    def read(self) -> list[_Entry]:
        """All entries; an empty one is dropped, as in `a@b,,c@d`."""
        steps = {
            '"': self._quoted,
            "(": self._comment,
            "<": self._bracket,
            ":": self._group,
            ",": self._end,
            ";": self._end,
        }
        while self.at < len(self.value):
            letter = self.value[self.at]
            self.at += 1
            step = steps.get(letter)
            if step:
                step()
            else:
                self._plain(letter)
        self._end()
        return self.entries

    def _plain(self, letter: str) -> None:
        if self.entry.inside is not None and not letter.isspace():
            # Text after the brackets: some readers take it for the address.
            self.entry.is_doubtful = True
        self.entry.is_doubtful |= letter in ")>\\"
        self.entry.outside.append(letter)

    def _quoted(self) -> None:
        text: list[str] = []
        while self.at < len(self.value):
            letter = self.value[self.at]
            self.at += 1
            if letter == '"':
                break
            if letter == "\\" and self.at < len(self.value):
                letter = self.value[self.at]
                self.at += 1
            text.append(letter)
        else:
            self.entry.is_doubtful = True
        # Quotes are put back, so that a quoted local part is never mistaken for a plain one.
        self.entry.outside.append('"' + "".join(text) + '"')

    def _comment(self) -> None:
        depth, start = 1, self.at
        while self.at < len(self.value) and depth:
            letter = self.value[self.at]
            self.at += 2 if letter == "\\" else 1
            depth += (letter == "(") - (letter == ")")
        self.entry.is_doubtful |= bool(depth)
        self.entry.comments.append(self.value[start : max(start, self.at - 1)])
        # A comment glued to an address is read by some as its end.
        before = "".join(self.entry.outside[-1:])
        after = self.value[self.at : self.at + 1]
        self.entry.is_doubtful |= before not in {"", " ", "\t"} or after not in {
            *("", " ", "\t", ",", ";", "<"),
        }

    def _bracket(self) -> None:
        end = self.value.find(">", self.at)
        inside = self.value[self.at : end] if end >= 0 else ""
        self.entry.is_doubtful |= end < 0 or self.entry.inside is not None
        self.entry.inside = inside.strip() or "<>"
        self.at = end + 1 if end >= 0 else len(self.value)

    def _group(self) -> None:
        """`Name: members;` - the name is dropped, its members are entries of their own."""
        self.entries.append(_Entry(inside=""))
        self.entry = _Entry()

    def _end(self) -> None:
        if self.entry.inside is not None or "".join(self.entry.outside).strip():
            self.entries.append(self.entry)
        self.entry = _Entry()
