"""Finding what is due and nobody was woken for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Due:
    """Ids of rows that wait."""

    drafts: list[int]
    inbound: list[int]
    deliveries: list[int]


def collect() -> Due:
    """The oldest of each kind."""
    return Due(drafts=[], inbound=[], deliveries=[])
