"""Channels that somebody has to wait on: a task for each, for as long as it is wanted.

What admins add, change or switch off is noticed within seconds. Whatever happens in one task,
the others go on, and it is started again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING

import structlog

from integrations.models import Channel
from integrations.registry import KINDS, adapter

if TYPE_CHECKING:
    from integrations.base import House

log = structlog.get_logger(__name__)

# How often the channels are looked at.
GLANCE_S = 2.0
# One that failed for a reason of ours is left alone for so long.
_REST_S = 30
Wanted = dict[int, tuple[str, str]]


async def watch(house: House, *, glance_s: float = GLANCE_S) -> None:
    """Keep a task for each channel that listens, until cancelled; they end before this does."""
    watched = _Watched(house)
    try:
        while True:
            await watched.adjust()
            await asyncio.sleep(glance_s)
    finally:
        await watched.end()


class _Watched:
    """The tasks there are, each with the settings it was started with."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._with: Wanted = {}
        self._rests_until: dict[int, float] = {}

    async def adjust(self) -> None:
        """End what is wanted no more or otherwise, start what is wanted and has ended."""
        try:
            wanted: Wanted = await self._house.run(wanted_now)
        # The database may be away for a while; what runs goes on.
        except Exception:
            log.exception("watch_cannot_look")
            return
        for channel, task in list(self._tasks.items()):
            if task.done():
                self._forget(channel, task)
            elif wanted.get(channel) != self._with[channel]:
                task.cancel()
        now = asyncio.get_running_loop().time()
        for channel, (kind, stamp) in wanted.items():
            if channel not in self._tasks and self._rests_until.get(channel, now) <= now:
                self._with[channel] = (kind, stamp)
                self._tasks[channel] = asyncio.create_task(
                    adapter(kind).listen(channel, self._house)
                )

    def _forget(self, channel: int, task: asyncio.Task[None]) -> None:
        del self._tasks[channel]
        if not task.cancelled() and (error := task.exception()):
            log.error("watch_failed", channel=channel, exc_info=error)
            self._rests_until[channel] = asyncio.get_running_loop().time() + _REST_S

    async def end(self) -> None:
        """Cancel all and wait for them."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def wanted_now() -> Wanted:
    """The channels to wait on, each with its kind and a stamp of its settings. One query."""
    channels = Channel.objects.filter(is_active=True, kind__in=KINDS).order_by("pk")
    return {
        channel.pk: (channel.kind, _stamp(channel))
        for channel in channels
        if adapter(channel.kind).listens(channel)
    }


def _stamp(channel: Channel) -> str:
    settings = json.dumps(channel.config, sort_keys=True).encode()
    return hashlib.sha256(settings + bytes(channel.sealed_secrets)).hexdigest()
