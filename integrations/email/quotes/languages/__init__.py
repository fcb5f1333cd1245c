"""What mail programs write in each language around what they quote: one table a language.

The tables hold words alone, in lower case; how they are used is in the modules beside this
package. In `devices`, `*` stands for words that name a known program or device, `**` for any
name, `~` for the rest of the line.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from integrations.email.quotes.page import bare

_HERE = Path(__file__).parent
_ROLES = ("from", "date", "to", "cc", "subject", "other")


@dataclass(frozen=True, kw_only=True)
class Device:
    """A line that a program adds: what it begins and ends with, and how free the middle is."""

    begin: str
    end: str
    is_free: bool
    any_name: bool


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of all languages together: a mail rarely says which it is written in.

    `phrases` maps the first word of a ruler ("original message") to all of them that begin so.
    """

    tables: dict[str, dict[str, list[str]]]
    leads: frozenset[str]
    verbs: frozenset[str]
    inside: tuple[str, ...]
    mine: frozenset[str]
    theirs: frozenset[str]
    quoting: tuple[str, ...]
    headers: dict[str, frozenset[str]]
    original: dict[str, tuple[str, ...]]
    forwarded: dict[str, tuple[str, ...]]
    above: tuple[str, ...]
    devices: tuple[Device, ...]
    apps: frozenset[str]
    closings: frozenset[str]
    legal_starts: tuple[str, ...]
    legal_words: tuple[str, ...]
    footers: tuple[str, ...]
    inline: tuple[str, ...]
    stubs: tuple[str, ...]
    answer: frozenset[str]
    forward: frozenset[str]


@cache
def words() -> Words:
    """All tables, read once."""
    tables = {file.stem: _read(file) for file in sorted(_HERE.glob("*.toml"))}

    def every(key: str) -> list[str]:
        return sorted({word for table in tables.values() for word in table.get(key, ())})

    return Words(
        tables=tables,
        leads=frozenset(every("leads")),
        verbs=frozenset(every("verbs")),
        inside=tuple(every("inside")),
        mine=frozenset(every("mine")),
        theirs=frozenset(every("theirs")),
        quoting=tuple(every("quoting")),
        headers=_headers(tables),
        original=_by_first_word(every("original")),
        forwarded=_by_first_word(every("forwarded")),
        above=tuple(every("above")),
        devices=tuple(_device(pattern) for pattern in every("devices")),
        apps=frozenset(every("apps")),
        closings=frozenset(every("closings")),
        legal_starts=tuple(every("legal_starts")),
        legal_words=tuple(every("legal_words")),
        footers=(*every("virus"), *every("lists")),
        inline=tuple(every("inline")),
        stubs=tuple(every("stubs")),
        answer=frozenset(every("answer")),
        forward=frozenset(every("forward")),
    )


def _read(file: Path) -> dict[str, list[str]]:
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return {key: [bare(word) for word in value] for key, value in table.items()}


def _headers(tables: dict[str, dict[str, list[str]]]) -> dict[str, frozenset[str]]:
    roles: dict[str, set[str]] = defaultdict(set)
    for table in tables.values():
        for role in _ROLES:
            for name in table.get(role, ()):
                roles[name].add(role)
    return {name: frozenset(found) for name, found in roles.items()}


def _by_first_word(phrases: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for phrase in phrases:
        found[phrase.split()[0]].append(phrase)
    return {word: tuple(sorted(of_word, key=len, reverse=True)) for word, of_word in found.items()}


def _device(pattern: str) -> Device:
    if pattern.endswith("~"):
        return Device(begin=pattern[:-1], end="", is_free=True, any_name=False)
    begin, _star, rest = pattern.partition("*")
    end = rest.rpartition("*")[2]
    return Device(begin=begin, end=end, is_free=False, any_name="**" in pattern)
