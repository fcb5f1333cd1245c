"""The one process that waits for what the world sends; it writes originals and nothing else.

Its loop never blocks: whatever asks the database runs in a few threads of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import close_old_connections, connections

from integrations import inbound, originals, tasks, watch
from integrations.base import House
from integrations.email import mailboxes
from integrations.email.door import Door, Rooms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from integrations.email.door import Letter

Address = tuple[str, int]

# How many mails are stored at once; each thread has a database connection.
_THREADS = 4
# What is being stored when the process is told to stop gets this long.
_GOODBYE_S = 15


class CannotListen(Exception):
    """A door's address is taken or not ours; the sentence names the setting."""


class Threads:
    """Runs blocking functions of Django beside the loop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="listener")
        self._busy: set[asyncio.Future[Any]] = set()

    def run(self, function: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        """Call it in a thread. Shielded: a client that hangs up does not stop its mail."""
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, _with_fresh_connection, function, *arguments)
        self._busy.add(work)
        work.add_done_callback(self._busy.discard)
        return asyncio.shield(work)

    async def rest(self) -> None:
        """Wait until nothing is being done, and not for ever."""
        if self._busy:
            await asyncio.wait(self._busy, timeout=_GOODBYE_S)

    def close(self) -> None:
        """Give back the threads and their connections."""
        everybody = threading.Barrier(_THREADS)

        def goodbye() -> None:
            # Each thread takes one of these, because all of them wait for each other.
            with contextlib.suppress(threading.BrokenBarrierError):
                everybody.wait(timeout=_GOODBYE_S)
            connections.close_all()

        for _number in range(_THREADS):
            self._pool.submit(goodbye)
        self._pool.shutdown()


def _with_fresh_connection(function: Callable[..., Any], *arguments: Any) -> Any:
    close_old_connections()
    try:
        return function(*arguments)
    finally:
        close_old_connections()


def store(letter: Letter) -> str:
    """Keep a letter for each of its channels; its queue id is returned once that is committed.

    Raises OSError or DatabaseError when it cannot be kept.
    """
    source = originals.Source(name="smtp", key=inbound.new_key(), is_first=True)
    rows = inbound.keep(
        letter.data, source=source, channels=letter.channels, envelope=letter.envelope
    )
    for row in rows:
        # A courtesy: it cannot fail, and the sweep finds the row anyway.
        tasks.process_inbound.delay(row.pk)
    return source.key


@contextlib.asynccontextmanager
async def doors(
    *, smtp: Address | None, lmtp: Address | None = None, rooms: Rooms | None = None
) -> AsyncIterator[list[Address]]:
    """Open the doors; gives the addresses they listen on. On leaving, mail in hand is finished.

    Raises CannotListen when an address cannot be had.
    """
    threads = Threads()
    rooms = rooms or Rooms(channel_of=mailboxes.channel_of, store=store, run=threads.run)
    opened: list[tuple[Door, asyncio.Server]] = []
    try:
        for address, is_lmtp in ((smtp, False), (lmtp, True)):
            if address:
                door = Door(rooms, hostname=settings.MAIL_DOMAIN, is_lmtp=is_lmtp)
                opened.append((door, await _bound(door, address, is_lmtp=is_lmtp)))
        yield [server.sockets[0].getsockname()[:2] for _door, server in opened]
    finally:
        for _door, server in opened:
            server.close()
        await threads.rest()
        # Answers of what was just stored leave before the lines are cut.
        await asyncio.sleep(0)
        for door, _server in opened:
            door.close()
        threads.close()


async def _bound(door: Door, address: Address, *, is_lmtp: bool) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(door.doorway, *address)
    except OSError as error:
        name = "MAIL_DOOR_LMTP" if is_lmtp else "MAIL_DOOR"
        host, port = address
        raise CannotListen(
            f"{name} is {host}:{port}, and nobody can listen there: {error.strerror or error}. "
            "Stop what uses it, or choose another address."
        ) from error


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[None]:
    """Wait on all channels that are waited on; on leaving, what is in hand is finished."""
    threads = Threads()
    house = House(wake=tasks.process_inbound.delay, run=threads.run)
    watching = asyncio.create_task(watch.watch(house))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await threads.rest()
        threads.close()


async def listen(*, tell: Callable[[str], None]) -> None:
    """Listen until SIGTERM or SIGINT. Raises CannotListen."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    open_doors = doors(smtp=settings.MAIL_DOOR, lmtp=settings.MAIL_DOOR_LMTP)
    async with open_doors as addresses, watched():
        for kind, (host, port) in zip(("SMTP", "LMTP"), addresses, strict=False):
            tell(f"{kind} door at {host}:{port}")
        await stop.wait()
