"""The ground of all tests: services, fast settings, no outside network, an honest summary."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import django
import pytest
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from tests import network, report, services
from tickets import clock as clock_module

pytest_plugins = ["tests.browser", "tests.roles", "tests.running"]
services.provide()
network.forbid_outside()

# Before Django starts, so that nothing has read the slow values yet.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Only its own test looks for collected files; whitenoise warns once a client about their absence.
settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "whitenoise" not in name]
django.setup()
# What a test publishes is nobody's to run; the walks start real workers on a real broker.
current_app.conf.broker_url = "memory://"


def pytest_collection_modifyitems(config, items):
    report.note_promises(items)
    if not config.getoption("--full"):
        full = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=full)
        items[:] = [item for item in items if item not in full]


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="also run the tests marked `full`")


def pytest_terminal_summary(terminalreporter):
    report.write(terminalreporter)


def pytest_unconfigure():
    services.resources.close()


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def _no_connection_outlives_the_tests(django_db_setup, django_db_blocker):
    """Threads of doors and pools may hold a connection until they end; the database goes first."""
    yield
    # Where no test asked for a database none was made, and this is the one all processes share.
    if not connection.settings_dict["NAME"].startswith("test_"):
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()


class FrozenClock:
    """The product's only source of time, standing still until it is moved."""

    def set(self, moment: datetime) -> None:
        """Make it `moment` (aware)."""
        clock_module._asked = (0.0, moment)

    def advance(self, **duration: float) -> None:
        """Let time pass, as in `advance(minutes=5)`."""
        self.set(clock_module.now() + timedelta(**duration))


@pytest.fixture
def clock(monkeypatch):
    """Time stands still; starts at the start of the test, moves by `set()` and `advance()`."""
    start = datetime.now(UTC).replace(microsecond=0)
    monkeypatch.setattr(clock_module, "_asked", (0.0, start))
    monkeypatch.setattr(clock_module, "time", SimpleNamespace(monotonic=lambda: 0.0))
    return FrozenClock()
