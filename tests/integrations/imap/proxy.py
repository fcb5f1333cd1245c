"""A line between the product and a mail server, which can be cut where a test wants it."""

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Passes bytes on until one of its rules cuts the line; each rule is used up by that.

    `after`: so many bytes from the server. `on`: the client said this. `swap`: what the server
    says in place of a line of its own.
    """

    target: tuple[str, int]
    port: int = 0
    after: list[int] = field(default_factory=list)
    on: list[bytes] = field(default_factory=list)
    swap: dict[bytes, bytes] = field(default_factory=dict)
    connections: int = 0
    said: list[bytes] = field(default_factory=list)

    async def serve(self, reader, writer):
        self.connections += 1
        limit = self.after.pop(0) if self.after else None
        theirs = await asyncio.open_connection(*self.target)
        pumps = [
            asyncio.create_task(self._from_server(theirs[0], writer, limit)),
            asyncio.create_task(self._from_client(reader, theirs[1])),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for end in (writer, theirs[1]):
                end.transport.abort()

    async def _from_server(self, reader, writer, limit):
        passed = 0
        while data := await reader.read(65536):
            for old, new in self.swap.items():
                data = data.replace(old, new)
            if limit is not None and passed + len(data) >= limit:
                writer.write(data[: limit - passed])
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
                    # Ended in order, so that what was written arrives before the end does.
                    writer.close()
                    await writer.wait_closed()
                return
            passed += len(data)
            writer.write(data)
            await writer.drain()

    async def _from_client(self, reader, writer):
        while data := await reader.read(65536):
            self.said.append(data)
            for word in list(self.on):
                if word in data:
                    self.on.remove(word)
                    return
            writer.write(data)
            await writer.drain()


@contextlib.contextmanager
def between(port, host="127.0.0.1"):
    """A proxy in front of a server on this machine."""
    loop = asyncio.new_event_loop()
    proxy = Proxy((host, port))
    ready, stop = threading.Event(), asyncio.Event()

    async def serve():
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()
        open_lines = asyncio.all_tasks() - {asyncio.current_task()}
        for line in open_lines:
            line.cancel()
        await asyncio.gather(*open_lines, return_exceptions=True)
        # What was aborted is closed in the loop's next round.
        await asyncio.sleep(0)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
