"""The live process without a server: one stream as a browser would hold it."""

import asyncio
import contextlib
import json

import pytest
from django.conf import settings
from django.db import connections

from helpdesk.live import asgi, hub

# Elsewhere in the cluster a transaction may be under way, and what is settled waits for it.
PATIENCE_S = 40
LISTENS_S = 0.2


async def elsewhere(act, *args, **kwargs):
    """Do it in a thread of its own, as another process would; no connection stays open."""

    def alone():
        try:
            return act(*args, **kwargs)
        finally:
            connections.close_all()

    return await asyncio.to_thread(alone)


class Stream:
    """An open connection to the live process."""

    def __init__(self, client, **headers):
        cookies = (
            f"{settings.SESSION_COOKIE_NAME}={client.cookies['session'].value}" if client else ""
        )
        headers = {"cookie": cookies, **headers}
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": asgi.PATH,
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        }
        self.sent = asyncio.Queue()
        self.left = asyncio.Event()
        self.start = {}

    async def __aenter__(self):
        self.task = asyncio.create_task(asgi.application(self.scope, self._receive, self.sent.put))
        self.start = await asyncio.wait_for(self.sent.get(), PATIENCE_S)
        first = await asyncio.wait_for(self.sent.get(), PATIENCE_S)
        self.body = first["body"].decode()
        if self.status == 200:
            await asyncio.sleep(LISTENS_S)
        return self

    async def __aexit__(self, *_error):
        self.left.set()
        await asyncio.wait_for(self.task, PATIENCE_S)

    async def _receive(self):
        await self.left.wait()
        return {"type": "http.disconnect"}

    @property
    def status(self):
        """The status of the answer."""
        return self.start["status"]

    @property
    def headers(self):
        """The headers of the answer."""
        return {key.decode(): value.decode() for key, value in self.start["headers"]}

    async def next(self, *, within=PATIENCE_S):
        """The next thing said: its fields, with the data read."""
        message = await asyncio.wait_for(self.sent.get(), within)
        lines = message["body"].decode().strip().splitlines()
        fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
        with contextlib.suppress(KeyError):
            fields["data"] = json.loads(fields["data"])
        return fields


@pytest.fixture
def stream(monkeypatch):
    """Opens streams, quicker than in earnest."""
    monkeypatch.setattr(asgi, "LOOK_S", 0.2)
    monkeypatch.setattr(hub, "LOOK_S", 0.2)
    return Stream
