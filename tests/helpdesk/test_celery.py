"""Waking a worker is a courtesy: a page never waits for Redis and never fails with it."""

import contextlib
import socket

import pytest
from celery import Celery
from celery.fixups.django import DjangoWorkerFixup

from helpdesk import wake
from helpdesk.celery import (
    BEAT_SCHEDULE,
    QUEUES,
    ROUTES,
    VISIBILITY_TIMEOUT_S,
    app,
    transport_options,
)


@pytest.fixture
def silent_redis():
    """A server that never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def callers(server):
    """How many have called since this was last asked."""
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            count += 1
    return count


@pytest.fixture(autouse=True)
def _closed_breaker(monkeypatch):
    monkeypatch.setattr(wake, "breaker", wake.Breaker())


def publisher(port):
    """A task of an application whose broker is at the port, as a web process has it."""
    one = Celery(
        "page",
        broker=f"redis://127.0.0.1:{port}/0",
        task_cls="helpdesk.wake:WakeUpTask",
        set_as_current=False,
    )
    one.conf.update(
        broker_transport_options=transport_options(worker=False), task_publish_retry=False
    )

    @one.task(name="wake_me", shared=False)
    def wake_me():
        """Never runs."""

    return wake_me


def test_a_silent_redis_costs_one_page_a_call_and_the_next_nothing(silent_redis):
    task = publisher(silent_redis.getsockname()[1])
    assert task.delay() is None
    assert callers(silent_redis)
    assert task.delay() is None
    assert callers(silent_redis) == 0


def test_no_task_outlives_half_of_the_visibility_timeout():
    longest = max(
        [app.conf.task_time_limit, *(task.time_limit or 0 for task in app.tasks.values())]
    )
    assert longest < VISIBILITY_TIMEOUT_S / 2


def test_every_periodic_task_exists_and_expires():
    app.loader.import_default_modules()
    for entry in BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks
        assert entry["options"]["expires"] <= entry["schedule"].total_seconds()


def test_every_task_has_a_queue_that_a_worker_reads():
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == ROUTES.keys()
    assert {route["queue"] for route in ROUTES.values()} <= set(QUEUES)


def test_a_worker_keeps_its_database_connection_and_drops_one_that_broke(monkeypatch):
    looked = []
    monkeypatch.setattr(wake, "close_old_connections", lambda: looked.append(True))
    task = app.tasks["integrations.tasks.sweep_storage"]
    assert DjangoWorkerFixup(app).db_reuse_max > app.conf.worker_max_tasks_per_child
    task.before_start("id", (), {})
    assert looked
