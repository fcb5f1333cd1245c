"""Colours of mails: readable on white, and what they become in the dark (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re

LINK = "#0b57d0"
LEAST = 4.5
_DARK = "#1c1c1e"
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_STEPS = 20
_WHITE = 255
# Below it sRGB is a straight line.
_NEARLY_BLACK = 0.04045


def is_colour(text: str) -> bool:
    """Whether it is written like #0b57d0."""
    return bool(_COLOUR.fullmatch(text))


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def in_the_dark(colour: str) -> str:
    """The colour mixed with white until it reads on a dark ground."""
    parts = _parts(colour)
    for step in range(_STEPS + 1):
        mixed = [round(part + (_WHITE - part) * step / _STEPS) for part in parts]
        lighter = "#" + "".join(f"{part:02x}" for part in mixed)
        if contrast(lighter, _DARK) >= LEAST:
            return lighter
    return "#ffffff"


def _parts(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    """Relative luminance of sRGB, as WCAG defines it."""
    red, green, blue = (_linear(part / _WHITE) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= _NEARLY_BLACK else ((part + 0.055) / 1.055) ** 2.4
