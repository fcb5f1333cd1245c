"""Telling new text from the history under it.

The rule that counts: new text is never folded away. Whatever leaves a doubt stays in the body.
"""

from __future__ import annotations

import re

import quotequail

# A reply's quote begins with an intro, then marked lines; a longer pause is text again.
_MARK = re.compile(r"^[ \t]{0,3}[>|]")
_FORWARDED = re.compile(
    r"forward|weitergeleitet|réexpédié|transféré|reenviado|vidarebefordrat|doorgestuurd"
    r"|пересыла|inoltrato|przekazan",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"^[ \t*]{0,3}(?:from|sent|date|to|cc|subject|von|gesendet|datum|an|betreff|de|envoyé|date"
    r"|à|objet|enviado|fecha|para|asunto|da|inviato|a|oggetto|van|verzonden|aan|onderwerp)"
    r"[ \xa0]?:",
    re.IGNORECASE,
)
_RULE = re.compile(r"^[_-]{5,}[ \t]*$")
# Bounds that keep the library's patterns, some of them cubic, below a second (security.md M11).
_LONGEST_INTRO = 200
_MOST_INTROS = 100
# An intro announces what stands within this many lines below it.
_NEAR = 6
_HEADERS_AT_LEAST = 2


def split(text: str, *, is_answer: bool) -> tuple[str, str]:
    """The new text, and the quoted history under or above it.

    `is_answer`: the mail refers to another one; without that an "original message" below may be
    the very thing somebody sends us.
    """
    lines = text.split("\n")
    at = _quote_begins(lines)
    if at is None:
        return _trimmed(text), ""
    head, tail = lines[:at], lines[at:]
    if _FORWARDED.search(tail[0]):
        return _trimmed(text), ""
    below = _after_marked(tail)
    if any(line.strip() for line in head):
        folds = _is_all_marked(tail) if below is not None else is_answer
        return _cut(head, tail) if folds else (_trimmed(text), "")
    # Nothing above: the answer stands below one quoted block, or between several.
    if below is None or not any(line.strip() for line in tail[below:]):
        return _trimmed(text), ""
    rest = tail[below:]
    is_between = any(_MARK.match(line) for line in rest)
    return (_trimmed(text), "") if is_between else _cut(rest, tail[:below])


def _quote_begins(lines: list[str]) -> int | None:
    """The line of the intro ("On … wrote:"), of a block of headers, or the first marked line."""
    tried = 0
    for n, line in enumerate(lines):
        if _MARK.match(line):
            return n
        if _is_header_block(lines[n : n + _NEAR]):
            return n - 1 if n and _RULE.match(lines[n - 1]) else n
        if tried < _MOST_INTROS and _may_be_intro(line.strip()):
            tried += 1
            if (begin := _intro_at(lines, n)) is not None:
                return begin
    return None


def _may_be_intro(line: str) -> bool:
    if not line or len(line) > _LONGEST_INTRO:
        return False
    is_dated = line[0].isdigit() and line.endswith(">")
    return is_dated or line.endswith((":", "：")) or line.startswith("--")


def _intro_at(lines: list[str], n: int) -> int | None:
    """Where the intro begins that ends in line n: there, or one line above."""
    start = n - 1 if n and 0 < len(lines[n - 1]) <= _LONGEST_INTRO else n
    pair = "\n".join(lines[start : n + 1])
    parts = quotequail.quote(pair, limit=len(pair) + 1, quote_intro_line=True)
    if len(parts) == 1:
        return None
    return n if parts[0][1] else start


def _is_header_block(lines: list[str]) -> bool:
    """Whether the lines are the headers of an earlier mail, as Outlook puts them above it."""
    if not lines or not _HEADER.match(lines[0]):
        return False
    return sum(1 for line in lines if _HEADER.match(line)) > _HEADERS_AT_LEAST


def _after_marked(tail: list[str]) -> int | None:
    """Where the first marked block ends; None when no line near the intro is marked."""
    first = next((n for n, line in enumerate(tail[:_NEAR]) if _MARK.match(line)), None)
    if first is None:
        return None
    last = first
    for n in range(first, len(tail)):
        if _MARK.match(tail[n]):
            last = n
        elif tail[n].strip():
            break
    return last + 1


def _is_all_marked(tail: list[str]) -> bool:
    first = next(n for n, line in enumerate(tail) if _MARK.match(line))
    return all(_MARK.match(line) or not line.strip() for line in tail[first:])


def _cut(new: list[str], old: list[str]) -> tuple[str, str]:
    return _trimmed("\n".join(new)), "\n".join(old).strip("\n")


def _trimmed(text: str) -> str:
    return text.strip("\n").rstrip()
