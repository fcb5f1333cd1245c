"""Celery: wakes workers up. PostgreSQL is the queue of record, so a lost or doubled task does
no harm: the sweep finds what nobody was woken for, and each task first claims its row.

The reason of each value is measured: with Celery's defaults a killed worker loses its task, a
task longer than the visibility timeout runs again beside itself, and a web page waits for ever
for a Redis that stands still.
"""

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
if not settings.configured:
    # Nobody has loaded the settings yet: this is Celery's own command line.
    os.environ.setdefault("ROLE", "worker")

QUEUES = ("inbound", "outbound", "notify", "sweep", "slow")
VISIBILITY_TIMEOUT_S = 300
NEVER = 1_000_000_000

# Which queue a task waits in; the tasks themselves do not know.
ROUTES = {
    "integrations.tasks.process_inbound": {"queue": "inbound"},
    "integrations.tasks.deliver": {"queue": "outbound"},
    "integrations.tasks.release_reply": {"queue": "outbound"},
    "integrations.tasks.sweep": {"queue": "sweep"},
    "integrations.tasks.sweep_storage": {"queue": "slow"},
    "integrations.tasks.check_domains": {"queue": "slow"},
    "integrations.tasks.check_domain": {"queue": "slow"},
    "integrations.tasks.sweep_trash": {"queue": "slow"},
}


def every(task: str, *, seconds: int) -> dict[str, Any]:
    """A beat entry; one that nobody took before the next is dropped."""
    return {
        "task": task,
        "schedule": timedelta(seconds=seconds),
        "options": {"expires": seconds},
    }


# Every periodic task of the product. What is due stands in rows; these only look.
BEAT_SCHEDULE = {
    "integrations-sweep": every("integrations.tasks.sweep", seconds=15),
    "integrations-sweep-trash": every("integrations.tasks.sweep_trash", seconds=600),
    # Each domain once a day; asked hourly, so that a restart of beat skips no day.
    "integrations-check-domains": every("integrations.tasks.check_domains", seconds=3600),
    "integrations-sweep-storage": every("integrations.tasks.sweep_storage", seconds=6 * 3600),
}


def transport_options(*, worker: bool) -> dict[str, Any]:
    """How to speak to Redis; a page must never wait for it, a worker has time."""
    patience = (
        # Longer than the 1 s for which a worker's BRPOP blocks.
        {"socket_timeout": 5, "socket_connect_timeout": 3, "retry_on_timeout": True}
        if worker
        else {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "max_retries": 0}
    )
    return {
        "visibility_timeout": VISIBILITY_TIMEOUT_S,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "global_keyprefix": "helpdesk:",
        **patience,
    }


app = Celery("helpdesk", task_cls="helpdesk.wake:WakeUpTask")
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_transport_options=transport_options(worker=settings.ROLE == "worker"),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_channel_error_retry=True,
    visibility_timeout=VISIBILITY_TIMEOUT_S,
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_queues=[Queue(name) for name in QUEUES],
    task_routes=ROUTES,
    task_default_queue="slow",
    task_create_missing_queues=False,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_publish_retry=False,
    # Always below half of the visibility timeout.
    task_time_limit=120,
    task_soft_time_limit=90,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_soft_shutdown_timeout=30,
    worker_enable_soft_shutdown_on_idle=True,
    worker_max_memory_per_child=400_000,
    worker_max_tasks_per_child=1_000,
    # Connections are checked and renewed by `helpdesk.wake` instead.
    CELERY_DB_REUSE_MAX=NEVER,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    beat_schedule=BEAT_SCHEDULE,
    # Keeps nothing on disk: every entry is harmless to run once more after a restart.
    beat_scheduler="celery.beat:Scheduler",
    timezone="UTC",
)
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()
