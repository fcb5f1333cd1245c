"""Telling the live process that something changed: names and numbers, never content.

A page that cannot reach Redis goes on at once; whoever listens finds the event by its id when it
comes back (`Last-Event-ID`).
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from redis import Redis, RedisError

if TYPE_CHECKING:
    from tickets.models import Event

log = structlog.get_logger(__name__)

CHANNEL = "helpdesk:live"
_PATIENCE_S = 0.5


@cache
def _redis() -> Redis:
    return Redis.from_url(
        settings.PUBSUB_URL, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S
    )


def publish(name: str, **payload: Any) -> None:
    """Say that something changed; a failure is a line in the log and no more."""
    try:
        _redis().publish(CHANNEL, json.dumps({"name": name, **payload}))
    except (RedisError, OSError) as error:
        log.warning("live_not_published", name=name, reason=str(error))


def on_event(event: Event) -> None:
    """Pass an event on by its number; who may hear of it is decided where they listen."""
    if event.ticket is not None:
        publish("ticket", event=event.pk)
    else:
        publish(event.kind, event=event.pk)
