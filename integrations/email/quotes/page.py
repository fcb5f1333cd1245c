"""The lines of a text, each as it is and bare of what only looks different."""

from __future__ import annotations

from functools import cached_property

# Longer lines are prose; of them only the beginning is looked at.
LONGEST = 600
# History begins within so many lines, or the text is kept whole.
REACH = 10_000

# Marks of writing direction and invisible characters stand anywhere in what clients add.
_UNSEEN = [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0xAD]
_SPACES = [0x09, 0x0B, 0x0C, 0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]
_SAME = {
    **dict.fromkeys(_UNSEEN),
    **dict.fromkeys(_SPACES, " "),
    ord("："): ":",
    ord("＞"): ">",
    ord("＜"): "<",
    ord("’"): "'",
    ord("‘"): "'",
}


def bare(line: str) -> str:
    """A line in lower case with single spaces and without unseen characters."""
    letters = " ".join(line[:LONGEST].translate(_SAME).split()).casefold()
    # The Turkish İ leaves a dot behind.
    return letters.replace("\u0307", "")


class Page:
    """A text as lines. `marked` are those that a `>` calls quoted."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.bare = [bare(line) for line in lines]
        self.marked = [self._is_marked(n) for n in range(len(lines))]

    def __len__(self) -> int:
        return len(self.lines)

    def _is_marked(self, n: int) -> bool:
        line = self.bare[n]
        if line.startswith("&gt;"):
            return True
        # A ">" that closes what the line above opened belongs to an address or a link.
        return line.startswith(">") and not (n and _opens(self.bare[n - 1]))

    @cached_property
    def _texts_before(self) -> list[int]:
        counts = [0]
        for line in self.bare:
            counts.append(counts[-1] + bool(line))
        return counts

    def is_blank(self, start: int, stop: int) -> bool:
        """Whether nothing is written in lines start to stop."""
        return start >= stop or self._texts_before[stop] == self._texts_before[start]

    def next_text(self, n: int, stop: int | None = None) -> int | None:
        """The first line at or after n with anything on it."""
        stop = len(self) if stop is None else stop
        return next((m for m in range(n, stop) if self.bare[m]), None)

    def text_above(self, n: int) -> int | None:
        """The last line above n with anything on it."""
        return next((m for m in range(n - 1, -1, -1) if self.bare[m]), None)

    def inner(self, n: int) -> str:
        """A bare line without the marks before it."""
        return self.bare[n].replace("&gt;", ">").lstrip("> |")


def _opens(line: str) -> bool:
    return not line.startswith(">") and line.rfind("<") > line.rfind(">")
