"""System checks beside Django's; what `env.py` can refuse before anything starts stands there."""

import sys
from collections.abc import Sequence
from typing import Any

import redis
import structlog
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.db import connections

log = structlog.get_logger(__name__)

OLDEST_POSTGRES = 15
# From these on Python itself refuses a line break inside a mail header (CVE-2024-6923).
HEADERS_CHECKED_SINCE = {(3, 11): 10, (3, 12): 5}


# Both look at servers, so they run when `migrate` does, not with every command.
@register(Tags.database)
def check_postgres(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """PostgreSQL is new enough for the queries of the product."""
    return [
        checks.Error(
            f"PostgreSQL {OLDEST_POSTGRES} or newer is needed.",
            hint="Upgrade the server that DATABASE_URL names.",
            id="helpdesk.E001",
        )
        for alias in databases or []
        if connections[alias].pg_version < OLDEST_POSTGRES * 10_000  # type: ignore[attr-defined]
    ]


@register(Tags.database)
def check_broker(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The broker never drops a queued task to make room (noeviction)."""
    if not databases:
        return []
    with redis.Redis.from_url(
        settings.BROKER_URL, socket_timeout=1, socket_connect_timeout=1
    ) as client:
        try:
            policy = client.info("memory").get("maxmemory_policy")
        except redis.RedisError as error:
            return [checks.Warning(f"REDIS_URL does not answer: {error}", id="helpdesk.W001")]
    if policy == "noeviction":
        return []
    hint = "Set maxmemory-policy noeviction; every other policy deletes queued tasks."
    return [checks.Warning(f"Redis evicts keys ({policy}).", hint=hint, id="helpdesk.W002")]


def note_old_interpreter() -> None:
    """One log line: the product checks its outgoing headers itself, so this is no error."""
    safe_from = HEADERS_CHECKED_SINCE.get(sys.version_info[:2], 0)
    if sys.version_info.micro < safe_from:
        log.info(
            "python_is_old",
            version=sys.version.split()[0],
            advice=f"upgrade to {sys.version_info[0]}.{sys.version_info[1]}.{safe_from} or newer",
        )
