"""Text in format=flowed (RFC 3676): its soft line breaks are the sender's window, not the text."""

from __future__ import annotations

import re

_QUOTES = re.compile(r">*+")
_SIGNATURE = "-- "


def joined(text: str, *, delsp: bool) -> str:
    """The text with its soft line breaks undone; `delsp`: the space before one goes, too."""
    lines: list[str] = []
    pieces: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        depth, said = _read(line)
        is_flowed = said.endswith(" ") and said != _SIGNATURE
        if open_depth is not None and (depth != open_depth or said == _SIGNATURE):
            # 4.5: a change of depth ends the paragraph, though it was left open.
            lines.append(_quoted(open_depth, "".join(pieces)))
            pieces, open_depth = [], None
        pieces.append(said[:-1] if is_flowed and delsp else said)
        open_depth = depth
        if not is_flowed:
            lines.append(_quoted(depth, "".join(pieces)))
            pieces, open_depth = [], None
    if open_depth is not None:
        lines.append(_quoted(open_depth, "".join(pieces)))
    return "\n".join(lines)


def _read(line: str) -> tuple[int, str]:
    """How deep a line is quoted, and its text without the stuffed space (4.4, 4.5)."""
    found = _QUOTES.match(line)
    depth = found.end() if found else 0
    return depth, line[depth:].removeprefix(" ")


def _quoted(depth: int, text: str) -> str:
    return f"{'>' * depth} {text}".rstrip(" ") if depth else text
