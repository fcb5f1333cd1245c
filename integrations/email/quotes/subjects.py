"""What the word before a subject says: that the mail answers another, or passes one on."""

from __future__ import annotations

from integrations.email.quotes.languages import words
from integrations.email.quotes.page import bare

_LONGEST_WORD = 20


def is_answer(subject: str) -> bool:
    """Whether a subject begins with "Re:" in some language, and with no word for passing on."""
    word = _word(subject)
    return word in words().answer and word not in words().forward


def is_forward(subject: str) -> bool:
    """Whether a subject begins with "Fwd:"; "VS:", which answers in Finnish, says nothing."""
    word = _word(subject)
    return word in words().forward and word not in words().answer


def _word(subject: str) -> str:
    """The word before the first colon, without the count that some programs add: "Re[2]:"."""
    word, colon, _rest = bare(subject[: 2 * _LONGEST_WORD]).partition(":")
    return word.partition("[")[0].partition("(")[0].strip() if colon else ""
