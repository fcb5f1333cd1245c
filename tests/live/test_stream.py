"""What the live process says, to whom, and when it falls silent (C04)."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from helpdesk.live import asgi, broker, reader
from tests.factories import give, make_ticket
from tests.live.conftest import PATIENCE_S, elsewhere
from tickets.actions.annotate import annotate
from tickets.models import Access, Event
from tickets.states import Level

pytestmark = pytest.mark.django_db(transaction=True)


def _run(walk):
    """In a thread of its own: the browser of other tests keeps a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(walk())).result()


def test_a_change_is_told_by_number_alone(stream, agent, lead, queue):
    client, by = agent.client, lead.scope

    async def walk():
        async with stream(client) as heard:
            ticket = await elsewhere(make_ticket, queue=queue, subject="Secret words")
            await elsewhere(annotate, ticket, "Secret thoughts", by=by)
            said = await heard.next()
            assert said["event"] == "ticket"
            assert said["data"] == {"id": ticket.pk, "version": 1, "mine": False}
            assert reader.Place.parse(said["id"])

    _run(walk)


@pytest.mark.parametrize(
    "headers",
    [{}, {"cookie": "session=nonsense"}, {"cookie": 'session="aaaaaaaaaaaaaaaa\\000"'}],
)
def test_without_a_session_nothing_is_told(stream, headers, db):
    async def walk():
        async with stream(None, **headers) as refused:
            assert refused.status == 401
            assert refused.headers["content-type"] == "application/json"

    _run(walk)


def test_customers_are_no_listeners(stream, customer):
    client = customer.client

    async def walk():
        async with stream(client) as refused:
            assert refused.status == 401

    _run(walk)


def test_other_origins_are_refused_and_ours_is_named(stream, agent):
    client = agent.client

    async def walk():
        async with stream(client, origin="https://evil.example") as refused:
            assert refused.status == 403
            assert "access-control-allow-origin" not in refused.headers
        async with stream(client, origin="http://testserver") as heard:
            assert heard.headers["access-control-allow-origin"] == "http://testserver"
            assert heard.headers["access-control-allow-credentials"] == "true"

    _run(walk)


def test_a_hidden_ticket_is_never_named(stream, agent, queue, other_queue):
    client = agent.client

    async def walk():
        async with stream(client) as heard:
            await elsewhere(make_ticket, queue=other_queue)
            shown = await elsewhere(make_ticket, queue=queue)
            assert (await heard.next())["data"]["id"] == shown.pk

    _run(walk)


def test_who_loses_a_queue_hears_no_more_of_it(stream, agent, queue, other_queue):
    give(agent.user, other_queue, Level.WORK)
    client = agent.client

    async def walk():
        async with stream(client) as heard:
            await elsewhere(Access.objects.filter(queue=queue).delete)
            await asyncio.sleep(3 * asgi.LOOK_S)
            await elsewhere(make_ticket, queue=queue)
            shown = await elsewhere(make_ticket, queue=other_queue)
            assert (await heard.next())["data"]["id"] == shown.pk

    _run(walk)


def test_a_session_that_ends_closes_its_stream(stream, agent):
    client = agent.client

    async def walk():
        async with stream(client) as heard:
            await elsewhere(client.logout)
            assert (await heard.next())["event"] == "close"

    _run(walk)


def test_what_was_missed_is_told_first(stream, agent, queue):
    client = agent.client
    place = reader.newest()
    missed = make_ticket(queue=queue)

    async def walk():
        async with stream(client, last_event_id=str(place)) as heard:
            assert (await heard.next())["data"]["id"] == missed.pk

    _run(walk)


def test_an_event_that_commits_late_is_not_lost(agent, queue):
    """Its number is lower than one already told (decisions, Models and keys)."""
    ticket, by = make_ticket(queue=queue), agent.scope
    place = reader.newest()
    late = connection.copy()
    with late.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "INSERT INTO tickets_event (kind, audience, data, occurred_at, ticket_id)"
            " VALUES ('ticket.opened', 'public', '{}', now(), %s)",
            [ticket.pk],
        )
        annotate(ticket, "Quicker.", by=by)
        quick = reader.changes_since(place)
        cursor.execute("COMMIT")
    late.close()
    expected = set(Event.objects.filter(pk__gt=place.event).values_list("pk", flat=True))
    told, ends = [*quick], time.monotonic() + PATIENCE_S
    while {change.place.event for change in told} != expected and time.monotonic() < ends:
        told += reader.changes_since(told[-1].place if told else place)
    assert sorted(change.place.event for change in told) == sorted(expected)


def test_without_anything_to_tell_there_is_a_sign_of_life(stream, agent, monkeypatch):
    monkeypatch.setattr(asgi, "HEARTBEAT_S", 0.1)
    client = agent.client

    async def walk():
        async with stream(client) as heard:
            assert await heard.next() == {}

    _run(walk)


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/", "GET", 404), (asgi.PATH, "POST", 405)]
)
def test_there_is_one_address_and_one_method(stream, path, method, status):
    async def walk():
        asked = stream(None)
        asked.scope |= {"path": path, "method": method}
        async with asked as refused:
            assert refused.status == status

    _run(walk)


def test_redis_away_harms_nobody(queue, settings, monkeypatch):
    settings.PUBSUB_URL = "redis://127.0.0.1:1"
    broker._redis.cache_clear()
    with transaction.atomic():
        make_ticket(queue=queue)
    broker._redis.cache_clear()


def test_events_are_published_by_number(queue, monkeypatch):
    said = []
    monkeypatch.setattr(broker, "publish", lambda name, **payload: said.append((name, payload)))
    make_ticket(queue=queue, subject="Secret words")
    assert {name for name, _payload in said} == {"ticket"}
    assert all(set(payload) == {"event"} for _name, payload in said)
