"""`/live/events`: server-sent events for staff, in a process of its own.

Each event is `ticket {"id", "version", "mine"}` and nothing more: the browser fetches its page,
and the same view as always decides what it may see. No database connection outlives a question.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings

from helpdesk.live import reader
from helpdesk.live.hub import LOOK_S, Hub, Listener

if TYPE_CHECKING:
    from helpdesk.live.reader import Change

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATH = "/live/events"
HEARTBEAT_S = 15.0
_RETRY = b"retry: 3000\n\n"
_HEARTBEAT = b":\n\n"
_CLOSE = b"event: close\ndata: {}\n\n"

hub = Hub()


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """The ASGI application: one path, one method."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await _http(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _http(scope: Message, receive: Receive, send: Send) -> None:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["path"] != PATH:
        return await _refuse(send, 404, "There is nothing here.")
    if scope["method"] != "GET":
        return await _refuse(send, 405, "Only GET.")
    origin = headers.get("origin", "")
    if origin and origin != _own_origin():
        return await _refuse(send, 403, "Not from this origin.")
    cookies = headers.get("cookie", "")
    who = await asyncio.to_thread(reader.listener, cookies)
    if who is None:
        return await _refuse(send, 401, "Sign in first.", origin=origin)
    await _start(send, origin)
    listener = await hub.join(who)
    told = asyncio.create_task(_tell(send, listener, cookies, headers.get("last-event-id", "")))
    gone = asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait({told, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (told, gone):
            task.cancel()
        await asyncio.gather(told, gone, return_exceptions=True)
        await hub.leave(listener)
    return None


def _own_origin() -> str:
    parts = urlsplit(settings.BASE_URL)
    return f"{parts.scheme}://{parts.netloc}"


def _headers(kind: str, origin: str) -> list[tuple[bytes, bytes]]:
    headers = {
        "Content-Type": kind,
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Vary": "Origin, Cookie",
    }
    if origin:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Allow-Credentials"] = "true"
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


async def _refuse(send: Send, status: int, words: str, *, origin: str = "") -> None:
    headers = _headers("application/json", origin)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"detail": words}).encode()})


async def _start(send: Send, origin: str) -> None:
    headers = _headers("text/event-stream", origin)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await _body(send, _RETRY)


async def _body(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _tell(send: Send, listener: Listener, cookies: str, last: str) -> None:
    """What was missed, then what comes, with a sign of life in between."""
    if place := reader.Place.parse(last):
        for missed in await asyncio.to_thread(reader.changes_since, place):
            listener.tell(missed)
    clock = asyncio.get_running_loop()
    checked = spoke = clock.time()
    while True:
        change = await _next(listener)
        # A change without a ticket is one of rights.
        if (change is not None and change.ticket is None) or clock.time() - checked >= LOOK_S:
            who = await asyncio.to_thread(reader.listener, cookies)
            checked = clock.time()
            if who is None:
                return await _body(send, _CLOSE)
            listener.scope = who
        if change is not None and reader.may_hear(listener.scope, change):
            await _body(send, _said(change, listener))
            spoke = clock.time()
        elif clock.time() - spoke >= HEARTBEAT_S:
            await _body(send, _HEARTBEAT)
            spoke = clock.time()


async def _next(listener: Listener) -> Change | None:
    """The next change; None when there was none for a while."""
    try:
        return await asyncio.wait_for(listener.waiting.get(), LOOK_S)
    except TimeoutError:
        return None


def _said(change: Change, listener: Listener) -> bytes:
    mine = listener.scope.user is not None and change.by == listener.scope.user.pk
    data = json.dumps({"id": change.ticket, "version": change.version, "mine": mine})
    return f"id: {change.place}\nevent: ticket\ndata: {data}\n\n".encode()
