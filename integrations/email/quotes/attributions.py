"""Lines that announce what somebody else wrote: "On Monday, Bob wrote:" in every language.

A line is judged by what stands in it, never by one pattern: a word for writing, a date, a time,
an address, a word such lines begin with. Clients wrap these lines, so up to four are read as
one; each line is looked at a fixed number of times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from itertools import islice, pairwise

from integrations.email.quotes.languages import words
from integrations.email.quotes.page import REACH, Page

_MOST_LINES = 4
_MOST_WORDS = 34
_MOST_WORDS_OF_NAME = 8
_MOST_WORDS_OF_LEAD = 6
_MOST_WORDS_OF_REST = 4
_MOST_WORDS_AFTER = 14
# "… het volgende geschreven", "… tarihinde şunu yazdı": the verb is among the last words.
_WORDS_OF_END = 3
# A full stop after a longer word ends a sentence, not "Jan." or "p.m.".
_LONGEST_SHORT = 5
# Small words before and within names.
_OF = {
    *("from", "by", "от", "von", "de", "da", "di", "do", "dos", "du", "del", "la", "le", "el"),
    *("van", "der", "den", "från", "fra", "od", "av", "af", "al", "bin", "zu", "zur", "y", "e"),
}
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?!\d)|\d[./-]\d{1,2}[./-]\d\d|\d ?[年月日]|\d ?[년월일]"
    r"|[０-９]年"
)
_TIME = re.compile(r"\d[:.h]\d\d|\d ?[時时点點시]|\d ?[ap]\.?m\b")
_ADDRESS = re.compile(r"[^\s@<>()\[\]]@[^\s@<>()\[\]]")
_AROUND = ".,;:\"'“”„«»<>[]{}*_-—–=~#·|"
_RULED = "-—–_*=~ "
_SENTENCE_ENDS = ("!", "?", "！", "？", "。")


class Strength(IntEnum):
    """How sure it is that a line is an attribution."""

    NONE = 0
    WEAK = 1
    FAIR = 2
    STRONG = 3


@dataclass(frozen=True)
class Attribution:
    """Lines start to stop (not included) announce a quote."""

    start: int
    stop: int
    strength: Strength


def find(page: Page) -> list[Attribution]:
    """All attributions on lines that are not quoted themselves, in order."""
    found: list[Attribution] = []
    for n, line in islice(enumerate(page.bare), REACH):
        if page.marked[n] or not _may_end(line):
            continue
        at_least = found[-1].stop if found else 0
        attribution = _ending_at(page, n, at_least=at_least)
        if attribution:
            found.append(_surer(page, attribution))
    return found


def judge(line: str) -> Strength:
    """How much a bare line, joined where it was wrapped, is an attribution."""
    return _Line(line).strength


def _may_end(line: str) -> bool:
    end = line.rstrip(_RULED + "\"'")
    # Old Gmail: "2011/4/7 Bob <bob@x.example>".
    is_dated = line[:1].isdigit() and line.endswith(">")
    return end.endswith(":") or is_dated or (line.endswith("--") and line.startswith("--"))


def _ending_at(page: Page, n: int, *, at_least: int) -> Attribution | None:
    best: Attribution | None = None
    text = ""
    for start in range(n, max(at_least, n - _MOST_LINES + 1) - 1, -1):
        line = page.bare[start]
        if not line or page.marked[start] or (start < n and not _goes_on(line, text)):
            break
        text = f"{line} {text}".strip()
        strength = judge(text)
        if strength > (best.strength if best else Strength.NONE):
            best = Attribution(start, n + 1, strength)
        if strength == Strength.STRONG:
            break
    return best and _with_lead(page, best, at_least=at_least)


def _surer(page: Page, found: Attribution) -> Attribution:
    """Sure as well without a word for writing: a date and a sender in a paragraph of their own.

    Gmail in Russian, Yandex and Mail.ru write so: "ср, 30 апр. 2025 г. в 15:19, Bob <b@x>:".
    """
    is_apart = found.start > 0 and not page.bare[found.start - 1]
    is_apart = is_apart and not any(page.bare[found.stop : found.stop + 1])
    if found.strength != Strength.FAIR or not is_apart:
        return found
    text = " ".join(page.bare[found.start : found.stop])
    line = _Line(text)
    is_sender = line.verb is None and line.text.endswith(">") and line.begins and line.has_time
    raw = " ".join(page.lines[found.start : found.stop]).split()
    if not is_sender or not _is_named(raw):
        return found
    return Attribution(found.start, found.stop, Strength.STRONG)


def _is_named(tokens: list[str]) -> bool:
    """Whether a name, and no words of a sentence, stands between the date and the address."""
    address = next(n for n in range(len(tokens) - 1, -1, -1) if "@" in tokens[n])
    dated = (n for n in range(address - 1, -1, -1) if any(map(str.isdigit, tokens[n])))
    name = tokens[next(dated, -1) + 1 : address]
    small = [
        token for token in name if token[:1].islower() and token not in _OF and "@" not in token
    ]
    return len(name) <= _MOST_WORDS_OF_NAME and not small


def _goes_on(line: str, below: str) -> bool:
    """Whether an attribution may have been wrapped between two lines."""
    is_stopped = line.endswith(".") and len(line.rsplit(maxsplit=1)[-1]) > _LONGEST_SHORT
    if is_stopped or line.endswith(_SENTENCE_ENDS):
        return False
    if line.endswith(":") and not _DATE.search(line) and not _TIME.search(line):
        return False
    is_cut = _Line(below).is_rest or line.rfind("<") > line.rfind(">")
    is_dated = _Line(below).is_date and _Line(line).has_address
    return is_cut or is_dated or _Line(line).begins


def _with_lead(page: Page, found: Attribution, *, at_least: int) -> Attribution:
    """With the line above when the attribution began there: "On Monday," / "3 March … wrote:"."""
    above = found.start - 1
    if above < at_least or _Line(page.bare[found.start]).has_lead or page.marked[above]:
        return found
    line = _Line(page.bare[above])
    if page.bare[found.start].startswith("<") and _is_name(page, above):
        return Attribution(above, found.stop, found.strength)
    if (
        line.has_lead
        and len(line.tokens) <= _MOST_WORDS_OF_LEAD
        and line.text.endswith((",", "，"))
    ):
        return Attribution(above, found.stop, found.strength)
    return found


def _is_name(page: Page, n: int) -> bool:
    """Whether a line by itself may be the name before the address that the next begins with."""
    line = page.bare[n]
    is_first = n == 0 or not page.bare[n - 1]
    is_short = 0 < len(line.split()) <= _MOST_WORDS_OF_REST
    return is_first and is_short and not line.endswith((*_SENTENCE_ENDS, ".", ","))


class _Line:
    """What stands in a bare line, looked up as far as it is asked for."""

    def __init__(self, text: str) -> None:
        # Lotus Notes and Zoho put the line between dashes.
        self.is_ruled = text.startswith("--") and text.endswith("--")
        self.text = text.strip(_RULED).rstrip(": \"'").strip(_RULED)

    @cached_property
    def tokens(self) -> list[str]:
        return [token.strip(_AROUND) for token in self.text.split()]

    @cached_property
    def has_date(self) -> bool:
        return bool(_DATE.search(self.text))

    @cached_property
    def has_time(self) -> bool:
        return bool(_TIME.search(self.text))

    @cached_property
    def has_address(self) -> bool:
        return bool(_ADDRESS.search(self.text))

    @cached_property
    def verb(self) -> int | None:
        """Where the last word for writing stands."""
        verbs = words().verbs
        places = (n for n in range(len(self.tokens) - 1, -1, -1) if self._word(n) in verbs)
        return next(places, None)

    def _word(self, n: int) -> str:
        token = self.tokens[n]
        return token if token in words().verbs else token.strip("()")

    @cached_property
    def inside(self) -> bool:
        """Whether a word for writing stands in it, in languages that put no spaces between."""
        return not self.text.isascii() and any(word in self.text for word in words().inside)

    @cached_property
    def has_lead(self) -> bool:
        leads = words().leads
        starts = (" ".join(self.tokens[:size]) for size in (1, 2, 3, 4))
        if any(start in leads for start in starts):
            return True
        return self.text.startswith(("在", "于", "於", "ב-", "d."))

    @cached_property
    def begins(self) -> bool:
        """Whether it begins as attributions do: with such a word, a number or a weekday."""
        return self.has_lead or self.text[:1].isdigit() or self.text[:1] in "(\"'" or self._by_day

    @cached_property
    def _by_day(self) -> bool:
        return bool(self.tokens) and self.text.partition(" ")[0].endswith((",", ".,", "."))

    @cached_property
    def is_rest(self) -> bool:
        """Whether it cannot stand alone: the end of an address, a lonely verb."""
        first = self.text.find(">")
        closes = first >= 0 and "<" not in self.text[:first]
        few = (
            self.verb is not None
            and len(self.tokens) <= _MOST_WORDS_OF_REST
            and not self.has_address
        )
        lonely = self.inside and not self.has_date
        return closes or few or lonely or self.text.startswith(("<", "("))

    @cached_property
    def is_date(self) -> bool:
        """Whether it is the end of a date and nothing else."""
        is_short = len(self.tokens) <= _MOST_WORDS_OF_LEAD
        return is_short and self.has_time and self.verb is None and not self.has_address

    @cached_property
    def is_mine(self) -> bool:
        """Whether the writer speaks of themselves: "On Monday I wrote:"."""
        return self._says(words().mine)

    @cached_property
    def is_told(self) -> bool:
        """Whether it reads as told by a person: "you wrote", "he wrote"."""
        return self._says(words().theirs)

    def _says(self, phrases: frozenset[str]) -> bool:
        if self.verb is None:
            return self.inside and any(phrase in self.text for phrase in phrases if len(phrase) > 1)
        near = self.tokens[max(0, self.verb - 2) : self.verb + 3]
        pairs = {f"{a} {b}" for a, b in pairwise(near)}
        triples = {" ".join(near[n : n + 3]) for n in range(len(near) - 2)}
        return not phrases.isdisjoint({*near, *pairs, *triples})

    @cached_property
    def strength(self) -> Strength:
        if not self.text or len(self.tokens) > _MOST_WORDS:
            return Strength.NONE
        if self.verb is None and not self.inside:
            return self._without_verb
        if self.is_mine:
            return Strength.NONE
        return self._with_verb

    @property
    def _without_verb(self) -> Strength:
        if self.text.startswith(words().quoting):
            return Strength.FAIR if self.has_address else Strength.WEAK
        is_timed = self.has_time or self.text[0].isdigit()
        if not (self.has_date and is_timed and self.has_address) or self._is_after_text:
            return Strength.NONE
        # A word for writing that no table knows stands at most between the address and the end.
        rest = _ADDRESS.split(self.text)[-1].split()
        return Strength.FAIR if len(rest) <= _WORDS_OF_END + 1 else Strength.NONE

    @property
    def _with_verb(self) -> Strength:
        facts = self.has_date + self.has_time + self.has_address + self.is_ruled
        if not self._is_shaped or self._is_after_text:
            return Strength.NONE
        if facts > 1 and (self.has_date or self.has_time or self.is_ruled):
            return Strength.FAIR if self.is_told else Strength.STRONG
        if facts or self.has_lead:
            return Strength.FAIR
        return Strength.WEAK if len(self.tokens) <= _MOST_WORDS_OF_NAME else Strength.NONE

    @property
    def _is_after_text(self) -> bool:
        """Whether it begins in the middle of the line: "Thanks! On 3 March 2025, Bob wrote:"."""
        if self.begins:
            return False
        stop = len(self.tokens) if self.verb is None else self.verb
        for n in range(1, stop):
            is_lead = self.tokens[n] in words().leads
            if is_lead and any(map(str.isdigit, "".join(self.tokens[n + 1 : n + 4]))):
                before = " ".join(self.tokens[:n])
                return not (_ADDRESS.search(before) or any(map(str.isdigit, before)))
        return False

    @property
    def _is_shaped(self) -> bool:
        """Whether the verb stands at the end, or only a name, an address or a date after it."""
        if self.verb is None or len(self.tokens) - self.verb <= _WORDS_OF_END:
            return True
        after = self.tokens[self.verb + 1 :]
        if len(after) > _MOST_WORDS_AFTER:
            return False
        last = self.text.rsplit(maxsplit=1)[-1]
        few = len(after) <= _MOST_WORDS_OF_LEAD
        return few or last.endswith((">", ")", "]")) or any(map(str.isdigit, last))
