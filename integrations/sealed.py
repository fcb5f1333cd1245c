"""The secrets of a channel: one sealed record, which no page and no log ever shows (T12)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tickets.crypto import CannotUnseal, Sealed, seal, unseal

if TYPE_CHECKING:
    from integrations.models import Channel


def opened(channel: Channel) -> dict[str, str]:
    """All secrets by name; empty when there are none. Raises crypto.CannotUnseal."""
    if not channel.sealed_key:
        return {}
    record = Sealed(key=bytes(channel.sealed_key), data=bytes(channel.sealed_secrets))
    secrets: dict[str, str] = json.loads(unseal(record))
    return secrets


def names(channel: Channel) -> set[str]:
    """Which secrets there are; none when they cannot be read any more."""
    try:
        return set(opened(channel))
    except CannotUnseal:
        return set()


def put(channel: Channel, **secrets: str) -> None:
    """Add or replace secrets by name; an empty one is forgotten. The caller saves the channel.

    Where those that are there can be read no more, as after the loss of a master key, the new
    ones take their place. Nothing is written when nothing changes.
    """
    try:
        before = opened(channel)
    except CannotUnseal:
        before = {}
    merged = {name: value for name, value in {**before, **secrets}.items() if value}
    if merged == before:
        return
    if not merged:
        channel.sealed_key = channel.sealed_secrets = b""
        return
    sealed = seal(json.dumps(merged).encode())
    channel.sealed_key, channel.sealed_secrets = sealed.key, sealed.data
