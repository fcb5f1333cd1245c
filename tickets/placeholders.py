"""Placeholders in texts that admins write: `{{ticket.number}}` and nothing cleverer.

A flat list of names decides what is replaced, in one pass, by a scanner of our own (security.md
S02). What a customer wrote comes in as a value: it is never scanned, so `{{…}}` in it stays as
typed. Every other brace, percent sign or name is text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping

# The whole grammar: two braces, a dotted name of lower-case words, spaces round it if one likes.
_PLACEHOLDER = re.compile(r"\{\{[ \t]*([a-z_]+(?:\.[a-z_]+)*)[ \t]*\}\}")
# What somebody may have meant as one: for the checks of a form alone.
_ATTEMPT = re.compile(r"\{\{([^{}\n]*)\}\}")
# All punctuation of ASCII can be escaped by a backslash (CommonMark 0.31, 2.4).
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def expand(text: str, values: Mapping[str, str]) -> str:
    """The text with each known placeholder replaced once; unknown ones stay as they are typed."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def unknown(text: str, known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each thing in double braces that nothing replaces, with the name that is closest or ""."""
    for attempt in _ATTEMPT.findall(text):
        name = attempt.strip(" \t")
        if name not in known:
            close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
            yield name, next(iter(close), "")


def count(text: str, name: str) -> int:
    """How often a placeholder stands in a text."""
    return sum(found == name for found in _PLACEHOLDER.findall(text))


def cut_at(text: str, name: str) -> tuple[str, str]:
    """What stands before a placeholder and after it. Raises ValueError unless it is there once."""
    places = [found for found in _PLACEHOLDER.finditer(text) if found[1] == name]
    if len(places) != 1:
        raise ValueError(f"{{{{{name}}}}} stands {len(places)} times, not once")
    return text[: places[0].start()], text[places[0].end() :]


def as_words(value: str) -> str:
    """Somebody's words for a place in Markdown: one line, no mark in it means anything."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(value.split()))
