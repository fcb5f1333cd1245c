"""One follower for all browsers of this process: woken by Redis, it reads PostgreSQL once.

Redis only names what was just committed; what it is, the events say. What Redis did not deliver
is found some seconds later, once it is settled.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from helpdesk.live import reader
from helpdesk.live.broker import CHANNEL

if TYPE_CHECKING:
    from helpdesk.live.reader import Change, Place
    from tickets.scope import Scope

log = structlog.get_logger(__name__)

LOOK_S = 5.0
"""At least so often the events are read, and each listener's rights are checked (C04)."""
_WAITING = 1000
_REMEMBERED = 5000


@dataclass(eq=False)
class Listener:
    """One open stream: who listens, and what they have yet to be told."""

    scope: Scope
    waiting: asyncio.Queue[Change] = field(default_factory=lambda: asyncio.Queue(_WAITING))

    def tell(self, change: Change) -> None:
        """Keep it for the stream; one that is far behind misses some and reads the page anew."""
        if change.ticket is None or reader.may_hear(self.scope, change):
            with contextlib.suppress(asyncio.QueueFull):
                self.waiting.put_nowait(change)


class Hub:
    """Follows the events while somebody listens."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._woken = asyncio.Event()
        self._named: list[int] = []
        # What was told already: settled later, it is no news.
        self._told: OrderedDict[int, None] = OrderedDict()

    async def join(self, scope: Scope) -> Listener:
        """A new listener, told everything from now on."""
        if not self._tasks:
            place = await asyncio.to_thread(reader.newest)
            if not self._tasks:
                self._woken = asyncio.Event()
                self._tasks = [
                    asyncio.create_task(self._follow(place)),
                    asyncio.create_task(self._hear_redis()),
                ]
        listener = Listener(scope)
        self.listeners.add(listener)
        return listener

    async def leave(self, listener: Listener) -> None:
        """The stream is closed; with the last one the follower rests."""
        self.listeners.discard(listener)
        if self.listeners:
            return
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, place: Place) -> None:
        """Tell what Redis named at once, and what is settled in any case."""
        while True:
            named, self._named = self._named, []
            try:
                if named:
                    self._tell(await asyncio.to_thread(reader.changes_named, named))
                settled = await asyncio.to_thread(reader.changes_since, place)
            except (DatabaseError, OSError) as error:
                log.warning("live_not_read", reason=str(error))
                await asyncio.sleep(LOOK_S)
                continue
            self._tell(settled)
            if settled:
                place = settled[-1].place
            if len(settled) < reader.READ_AT_ONCE:
                await self._woken_or_late()

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            if change.place.event in self._told:
                continue
            self._told[change.place.event] = None
            for listener in self.listeners:
                listener.tell(change)
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)

    async def _woken_or_late(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), LOOK_S)
        self._woken.clear()

    async def _hear_redis(self) -> None:
        """The one subscription of this process."""
        while True:
            try:
                async with (
                    Redis.from_url(settings.PUBSUB_URL, socket_timeout=None) as redis,
                    redis.pubsub() as subscription,
                ):
                    await subscription.subscribe(CHANNEL)
                    async for message in subscription.listen():
                        self._note(message["data"])
            except (RedisError, OSError) as error:
                log.warning("live_without_redis", reason=str(error))
            await asyncio.sleep(LOOK_S)

    def _note(self, data: bytes | int) -> None:
        """Remember which event Redis named; the answer to the subscription names none."""
        if isinstance(data, bytes):
            with contextlib.suppress(ValueError, KeyError):
                self._named.append(int(json.loads(data)["event"]))
        self._woken.set()
