"""Which lines of a mail are new, decided once for all languages.

Everything that may begin history is a candidate: an attribution, a block of headers, a ruler,
marked lines alone. Seen from the end of the mail, a candidate is folded when nothing but folded
text stands below it. Work grows with the length of the text alone (security.md M11).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import cached_property

from integrations.email.quotes import attributions, blocks, signatures
from integrations.email.quotes.attributions import Strength
from integrations.email.quotes.blocks import Kind
from integrations.email.quotes.languages import words
from integrations.email.quotes.page import REACH, Page

# A quote begins at most so many written lines below its attribution.
_NEAR = 2
# A marked line this long was wrapped by a server when the next begins in the middle of a sentence.
_WRAPPED_AT = 72
_MOST_HINT_LINES = 60
_MOST_RUNS = 1_000
# So many lines nobody writes and nobody reads: such a text is kept whole.
_MOST_LINES = 100_000


class Fold(StrEnum):
    """What is folded away: earlier messages, or what stands below a text without being one."""

    HISTORY = "history"
    SIGNATURE = "signature"


@dataclass(frozen=True)
class Candidate:
    """History may begin in line `start` and be announced up to `stop`.

    `end` is where it ends when its lines are marked, else None: then it has no end.
    """

    start: int
    stop: int
    strength: Strength
    kind: Kind | None = None
    end: int | None = None
    is_bare: bool = False


def split(
    text: str,
    *,
    is_answer: bool,
    is_forward: bool = False,
) -> tuple[str, str]:
    """The new text, and everything that was cut from it, in the order it stood.

    `is_answer`: the mail refers to another one; without that an "original message" below may be
    the very thing somebody sends us. `is_forward`: it forwards another one and is whole.
    When nothing would be left, or new text stands between quotes, all of it is the new text.
    """
    if is_forward or text.count("\n") > _MOST_LINES:
        return text.strip("\n").rstrip(), ""
    page = Page(text.split("\n"))
    begin, end = _Reading(page, is_answer=is_answer).new_text
    if page.is_blank(begin, end):
        return _text(page, 0, len(page)), ""
    cut = [_text(page, 0, begin), _text(page, end, len(page))]
    return _text(page, begin, end), "\n\n".join(piece for piece in cut if piece)


def folds(quoted: str) -> list[tuple[Fold, str]]:
    """The pieces of what `split` cut, to be shown apart: a signature, earlier messages, both."""
    page = Page(quoted.split("\n"))
    reading = _Reading(page, is_answer=True)
    first = next((c for c in reading.candidates if c.kind is not Kind.FORWARDED), None)
    if first is None:
        return [(Fold.SIGNATURE, quoted)]
    ends = [c.end for c in reading.candidates if c.start <= first.start and c.end] or [len(page)]
    last = max(c.end or len(page) for c in reading.candidates) if first.end else ends[0]
    cuts = [(Fold.SIGNATURE, 0, first.start), (Fold.HISTORY, first.start, last)]
    cuts.append((Fold.SIGNATURE, last, len(page)))
    pieces = [(fold, _text(page, begin, end)) for fold, begin, end in cuts]
    return [(fold, text) for fold, text in pieces if text]


class _Reading:
    """One text while it is decided upon."""

    def __init__(self, page: Page, *, is_answer: bool) -> None:
        self.page = page
        self.is_answer = is_answer

    @cached_property
    def new_text(self) -> tuple[int, int]:
        """The lines of the new text, the second not included."""
        page = self.page
        foot = signatures.start(page, len(page))
        cut = self._history(foot)
        begin = self._answer_below(cut)
        if self._holds_other_mail(begin, cut):
            # What a mail brings along ends with the signature of somebody else.
            return begin, len(page) if cut == foot else cut
        return begin, signatures.start(page, cut, floor=begin)

    @cached_property
    def candidates(self) -> list[Candidate]:
        """What may begin history, in order; nothing below a forwarded message is one."""
        found = [self._of_attribution(item) for item in attributions.find(self.page)]
        found += [self._of_block(item) for item in blocks.find(self.page)]
        announced = {m for c in found if c.end for m in range(c.stop, c.end)}
        found += [
            self._bare(a, b) for a, b in self._runs[:_MOST_RUNS] if a not in announced and a < REACH
        ]
        found.sort(key=lambda candidate: candidate.start)
        forwarded = next((n for n, c in enumerate(found) if c.kind is Kind.FORWARDED), len(found))
        return found[: forwarded + 1]

    def _history(self, foot: int) -> int:
        """The line from which on everything is folded."""
        cut = foot
        for n in range(len(self.candidates) - 1, -1, -1):
            candidate = self.candidates[n]
            if not self._may_fold(candidate, is_first=n == 0):
                continue
            if candidate.end is None or self.page.is_blank(candidate.end, cut):
                cut = min(cut, candidate.start)
        return cut if not self.page.is_blank(0, cut) else self._first_end(foot)

    def _first_end(self, foot: int) -> int:
        """All is history, or the answer stands below the first quote, which then ends."""
        first = self.candidates[0] if self.candidates else None
        return foot if first and first.end is not None else len(self.page)

    def _answer_below(self, cut: int) -> int:
        """Where the text begins that stands below one quote with nothing above and between."""
        first = self.candidates[0] if self.candidates else None
        if first is None or first.end is None or not self.page.is_blank(0, first.start):
            return 0
        between = any(self.page.marked[n] for n in range(first.end, cut))
        if (
            between
            or self.page.is_blank(first.end, cut)
            or not self._may_fold(first, is_first=True)
        ):
            return 0
        return first.end

    def _holds_other_mail(self, begin: int, cut: int) -> bool:
        return any(
            c.end is None and begin <= c.start < cut
            for c in self.candidates
            if c.kind or c.strength == Strength.STRONG
        )

    def _may_fold(self, candidate: Candidate, *, is_first: bool) -> bool:
        if candidate.kind is Kind.FORWARDED:
            return False
        if candidate.end is None:
            sure = candidate.strength == Strength.STRONG
            return self.is_answer and sure and not self._is_answered_inside(candidate)
        if candidate.is_bare and candidate.strength == Strength.NONE:
            return self.is_answer and is_first and not self._is_announced(candidate.start)
        return self.is_answer or candidate.strength == Strength.STRONG

    def _is_answered_inside(self, candidate: Candidate) -> bool:
        """Whether the text above says that answers stand within: "see below in red"."""
        begin = max(0, candidate.start - _MOST_HINT_LINES)
        above = " ".join(self.page.bare[begin : candidate.start])
        padded = f" {above} "
        for hint in words().inline:
            if hint in above and (not hint.isascii() or _is_word(hint, padded)):
                return True
        return False

    def _is_announced(self, start: int) -> bool:
        """Whether the line above ends with a colon: "I typed this:" speaks of what follows."""
        above = self.page.text_above(start)
        return above is not None and self.page.bare[above].endswith(":")

    @cached_property
    def _runs(self) -> list[tuple[int, int]]:
        """Marked lines that belong together: blank lines and wrapped ends are between at most."""
        page = self.page
        runs: list[tuple[int, int]] = []
        for n, is_marked in enumerate(page.marked):
            if not is_marked:
                continue
            last = runs[-1] if runs else None
            if last and (page.is_blank(last[1], n) or self._is_wrapped(last[1], n)):
                runs[-1] = (last[0], n + 1)
            else:
                runs.append((n, n + 1))
        return runs

    def _is_wrapped(self, stop: int, n: int) -> bool:
        """Whether the one line between is the end of the marked line above it."""
        if n - stop != 1:
            return False
        above, line = self.page.inner(stop - 1), self.page.lines[stop].strip()
        if "://" in above and len(line.split()) == 1 and above.rfind("(") > above.rfind(")"):
            return True
        first = line.split(None, 1)[0]
        is_full = len(self.page.lines[stop - 1]) + 1 + len(first) > _WRAPPED_AT
        goes_on = above[-1:].isalnum() or above.endswith((",", "-"))
        return is_full and goes_on and first[:1].islower() and len(line) < len(above) // 2

    @cached_property
    def _run_of(self) -> dict[int, int]:
        return {m: b for a, b in self._runs for m in range(a, b)}

    def _marked_after(self, stop: int) -> int | None:
        """Where the marked lines end that begin right below line stop; None when none do."""
        at: int | None = stop - 1
        for _try in range(_NEAR):
            at = self.page.next_text(at + 1) if at is not None else None
            if at is not None and self.page.marked[at]:
                return self._run_of[at]
        return None

    def _of_attribution(self, item: attributions.Attribution) -> Candidate:
        end = self._marked_after(item.stop)
        return Candidate(item.start, item.stop, item.strength, end=end)

    def _of_block(self, item: blocks.Block) -> Candidate:
        end = self._marked_after(item.stop)
        is_told = item.kind is Kind.HEADERS and self._is_announced(item.start)
        strength = Strength.NONE if is_told else Strength.STRONG
        return Candidate(item.start, item.stop, strength, kind=item.kind, end=end)

    def _bare(self, start: int, end: int) -> Candidate:
        """Marked lines without a word above them; what they begin with may be that word."""
        page = self.page
        inner = [page.inner(n) for n in range(start, min(end, start + 8))]
        texts = [line for line in inner if line][:4]
        if any(blocks.ruler(line) is Kind.FORWARDED for line in texts[:1]):
            return Candidate(
                start, start, Strength.NONE, kind=Kind.FORWARDED, end=end, is_bare=True
            )
        first = next((n for n in range(start, end) if page.inner(n)), start)
        is_sure = blocks.is_header_block(page, first) is not None or any(
            attributions.judge(" ".join(texts[:size])) == Strength.STRONG
            and texts[size - 1].endswith(":")
            for size in range(1, len(texts) + 1)
        )
        strength = Strength.STRONG if is_sure else Strength.NONE
        return Candidate(start, start, strength, end=end, is_bare=True)


def _is_word(hint: str, padded: str) -> bool:
    at = padded.find(hint)
    return not (padded[at - 1].isalnum() or padded[at + len(hint)].isalnum())


def _text(page: Page, begin: int, end: int) -> str:
    return "\n".join(page.lines[begin:end]).strip("\n").rstrip()
