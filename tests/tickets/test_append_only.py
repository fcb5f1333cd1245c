"""What was said and what happened never changes, through no door (security.md C13)."""

import pytest
from django.db import IntegrityError, connection, transaction

from tests.factories import make_ticket
from tickets.actions.annotate import annotate
from tickets.models import Annotation, Event, Message


@pytest.fixture
def _spoken(queue, agent):
    annotate(make_ticket(queue=queue), "So.", by=agent.scope)


@pytest.mark.usefixtures("_spoken")
@pytest.mark.parametrize("model", [Message, Event, Annotation])
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_database_refuses(model, verb):
    table = model._meta.db_table
    statement = {
        "update": f"UPDATE {table} SET occurred_at = occurred_at",
        "delete": f"DELETE FROM {table}",
    }
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement[verb])
    assert model.objects.exists()


@pytest.mark.usefixtures("_spoken")
def test_only_a_redaction_passes_and_only_in_its_transaction():
    with connection.cursor() as cursor:
        with transaction.atomic():
            cursor.execute("SET LOCAL helpdesk.redacting = 'on'")
            assert Message.objects.update(body="[redacted]") == 1
        cursor.execute("SET LOCAL helpdesk.redacting = 'off'")
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.update(body="changed")
    assert Message.objects.get().body == "[redacted]"


@pytest.mark.usefixtures("_spoken")
def test_an_event_knows_its_transaction():
    with connection.cursor() as cursor:
        cursor.execute("SELECT txid = pg_current_xact_id() FROM tickets_event")
        assert {mine for (mine,) in cursor} == {True}
