"""Reading the conversations: data in TOML, one script for several tickets that differ in words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "conversations"
_SPEAKERS = ("customer", "other", "staff", "annotation")
_WORD = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing said, and what follows from it.

    `doubt`: the sender could not be verified. `after`: how many hours later (None: as people
    are). `status` and `turn` go with a reply. `then` is a status set soon after, with `reason`
    and `why` where the status demands them.
    """

    who: str
    text: str
    after: float | None = None
    status: str = ""
    turn: str = ""
    then: str = ""
    reason: str = ""
    why: str = ""
    files: Sequence[str] = ()
    html: str = ""
    quote: bool = False
    doubt: bool = False


@dataclass(frozen=True, kw_only=True)
class Script:
    """One conversation; `times` is how many tickets it makes, with other words each."""

    key: str
    queue: str
    subjects: Sequence[str]
    say: Sequence[Line]
    times: int
    product: str = ""
    kind: str = ""
    priority: str = ""
    requested: str = ""
    labels: Sequence[str] = ()
    language: str = "en"
    organisation: str = ""
    author: int | None = None
    person: str = ""
    age: int | None = None
    ends: str = ""
    private: bool = False
    solo_only: bool = False
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def words_of(self, number: int) -> dict[str, str]:
        """The words of the n-th ticket made from this script."""
        return {name: choices[number % len(choices)] for name, choices in self.words.items()}


def fill(text: str, words: Mapping[str, str]) -> str:
    """The text with its `{{words}}` put in. Raises KeyError for a word nobody gave."""
    return _WORD.sub(lambda match: words[match[1]], text).strip()


def read_all() -> list[Script]:
    """Every script of every queue, in a fixed order."""
    return [
        _script(path.stem, entry)
        for path in sorted(_FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text())["script"]
    ]


def _script(queue: str, entry: dict[str, Any]) -> Script:
    return Script(queue=queue, **{**entry, "say": [_line(line) for line in entry["say"]]})


def _line(entry: dict[str, Any]) -> Line:
    (who,) = (name for name in _SPEAKERS if name in entry)
    return Line(who=who, text=entry.pop(who), **entry)
