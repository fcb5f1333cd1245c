"""One source of time: the database's."""

from datetime import UTC, datetime, timedelta

import pytest

from tickets import clock as clock_module
from tickets.clock import now, standing_at


@pytest.fixture
def _never_asked(monkeypatch):
    monkeypatch.setattr(clock_module, "_asked", None)


@pytest.mark.django_db
@pytest.mark.usefixtures("_never_asked")
def test_it_is_the_databases_and_asked_for_once(django_assert_num_queries):
    with django_assert_num_queries(1):
        first, second = now(), now()
    assert first.tzinfo is not None
    assert timedelta(0) <= second - first < timedelta(seconds=5)


@pytest.mark.django_db
@pytest.mark.usefixtures("_never_asked")
def test_after_a_minute_it_is_asked_again(monkeypatch, django_assert_num_queries):
    tick = clock_module.time.monotonic()
    now()
    monkeypatch.setattr(clock_module.time, "monotonic", lambda: tick + 3600)
    with django_assert_num_queries(1):
        assert now() < datetime.now(UTC) + timedelta(minutes=5)


def test_it_stands_at_a_moment_and_goes_on_after_it(clock):
    then = datetime(2020, 2, 29, 12, tzinfo=UTC)
    before = now()
    with standing_at(then):
        assert now() == then
        with standing_at(then + timedelta(days=1)):
            assert now() == then + timedelta(days=1)
        assert now() == then
    assert now() == before


def test_the_tests_own_clock_moves_when_told(clock):
    before = now()
    clock.advance(minutes=5)
    assert now() - before == timedelta(minutes=5)
