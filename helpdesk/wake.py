"""Publishing a task: a try to wake a worker, never a reason to wait or to fail."""

import time
from typing import Any

import structlog
from celery.contrib.django.task import DjangoTask
from django.db import close_old_connections
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

REST_S = 10


class Breaker:
    """Opens for REST_S seconds after one failure, so that only one page waits for Redis."""

    def __init__(self) -> None:
        self.closed_again_at = 0.0

    @property
    def is_open(self) -> bool:
        """True while Redis is left alone."""
        return time.monotonic() < self.closed_again_at

    def trip(self) -> None:
        """Leave Redis alone for a while."""
        self.closed_again_at = time.monotonic() + REST_S


breaker = Breaker()


class WakeUpTask(DjangoTask[Any, Any]):
    """A task whose publishing may fail: its row waits in PostgreSQL and the sweep finds it."""

    def before_start(self, *_told: Any) -> None:
        """Keep a database connection that works, for the next task too: to make one takes as
        long as to read a mail. Celery itself would close it after each task.
        """
        if not self.request.is_eager:
            close_old_connections()

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Publish, or say in the log that it was not possible; returns None then."""
        if breaker.is_open and not self.app.conf.task_always_eager:
            log.info("task_not_published", task=self.name, reason="redis was away just now")
            return None
        try:
            return super().apply_async(*args, **options)
        except (OperationalError, OSError) as error:
            breaker.trip()
            log.warning("task_not_published", task=self.name, reason=str(error))
            return None
