"""A mailbox in the listener: its reader in a thread of its own, its lease renewed beside it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from django.db import DatabaseError

from integrations.email.imap import cursors
from integrations.email.imap.reader import Reader, Waits

if TYPE_CHECKING:
    from integrations.base import House

_RENEW_S = cursors.LEASE.total_seconds() / 3
# What a reader gets to end by itself, and then once its line was cut.
_PATIENCE_S, _GOODBYE_S = 2, 13


async def listen(channel: int, house: House, *, waits: Waits | None = None) -> None:
    """Read the channel's mailbox until cancelled; what is being stored then is finished."""
    reader = Reader(channel, wake=house.wake, waits=waits)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            reader.run()
        finally:
            # Whoever started us may have given up waiting.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(ended.set)

    # A daemon: a thread that hangs in a system call must not keep the process from ending.
    threading.Thread(target=read, name=f"imap-{channel}", daemon=True).start()
    try:
        while not await _within(ended, seconds=_RENEW_S):
            # Without a database nothing can be stored either: the reader will notice.
            with contextlib.suppress(DatabaseError):
                await house.run(cursors.renew, [reader.owner])
    finally:
        reader.stop()
        if not await _within(ended, seconds=_PATIENCE_S):
            reader.hang_up()
            await _within(ended, seconds=_GOODBYE_S)


async def _within(event: asyncio.Event, *, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
