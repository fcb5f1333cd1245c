"""The one page of consequences names only what exists."""

import pytest

from helpdesk import wiring
from helpdesk.wake import WakeUpTask
from integrations import tasks
from tickets import events
from tickets.events import EventKind


@pytest.mark.parametrize("table", [wiring.IN_TRANSACTION, wiring.AFTER_COMMIT])
def test_every_line_names_a_kind_and_callables(table):
    assert set(table) <= set(EventKind)
    assert all(callable(handler) for handlers in table.values() for handler in handlers)


def test_the_tables_are_connected_when_django_is_ready():
    assert events._in_transaction is wiring.IN_TRANSACTION
    assert events._after_commit is wiring.AFTER_COMMIT


def test_tasks_are_published_through_our_own_app():
    assert tasks.deliver.app.main == "helpdesk"
    assert isinstance(tasks.deliver, WakeUpTask)
