"""What the word before a subject says: that the mail answers another, or passes one on."""

from __future__ import annotations

from integrations.email.quotes.languages import words
from integrations.email.quotes.page import bare

_LONGEST_WORD = 20
_FINNISH = ("lähettäjä:", "kirjoitti", "alkuperäinen viesti")


def is_answer(subject: str) -> bool:
    """Whether a subject begins with "Re:" in some language; ask `is_forward` first."""
    return _word(subject) in words().answer


def is_forward(subject: str, *, text: str) -> bool:
    """Whether a subject begins with "Fwd:".

    "VS:" answers in Finnish and passes on in Danish and Norwegian: there the text decides.
    """
    word = _word(subject)
    if word in words().answer and any(name in text.casefold() for name in _FINNISH):
        return False
    return word in words().forward


def _word(subject: str) -> str:
    """The word before the first colon, without the count that some programs add: "Re[2]:"."""
    word, colon, _rest = bare(subject[: 2 * _LONGEST_WORD]).partition(":")
    return word.partition("[")[0].partition("(")[0].strip() if colon else ""
