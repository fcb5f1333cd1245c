"""Services that vanish with the process that asked for them: for `make test` and pytest."""

from collections.abc import Iterator
from contextlib import contextmanager

from helpdesk.launcher.services import running
from helpdesk.launcher.state import thrown_away


@contextmanager
def environment(*, is_durable: bool = False) -> Iterator[dict[str, str]]:
    """DATABASE_URL and REDIS_URL of throw-away servers; those configured are kept."""
    with thrown_away(is_durable=is_durable) as state, running(state) as services:
        yield services.env
