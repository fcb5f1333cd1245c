"""Loading the demo: all of it in one transaction, or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from django.db import connection, transaction

from helpdesk.demo import finish, house, people, rhythm
from helpdesk.demo.play import Step, Talk
from helpdesk.demo.scripts import Script, read_all
from tickets import clock, events
from tickets.models import Contact, Organisation, Ticket, User

_LEFT_HANGING = 0.15  # of the conversations that could have ended
_LOCK = 0x64656D6F  # "demo": two loaders wait for each other


class RealTickets(Exception):
    """The database holds tickets that are not ours."""


def is_loaded() -> bool:
    """Whether the demo is in this database."""
    return User.objects.filter(email=house.email_of(people.STAFF[0].handle)).exists()


@transaction.atomic
def load(*, force: bool = False) -> int | None:
    """Load the demo and give the number of its tickets; None when it is there already.

    Raises RealTickets when there are other tickets, unless forced. Nothing is sent.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if is_loaded():
        return None
    if Ticket.objects.exists() and not force:
        raise RealTickets
    now = clock.now()
    with events.silenced():
        with clock.standing_at(now - timedelta(days=rhythm.DAYS + 30)):
            furnished = house.furnish()
            _date_back(clock.now())
        talks = _talks(furnished, now=now)
        _play(talks, now=now)
        finish.touch_up(talks, furnished)
    return len([talk for talk in talks if talk.ticket])


def _date_back(moment: datetime) -> None:
    """Let people have been known before they wrote; the columns fill themselves on insert."""
    Contact.objects.update(created_at=moment)
    Organisation.objects.update(created_at=moment)
    User.objects.update(date_joined=moment)


def _talks(furnished: house.House, *, now: datetime) -> list[Talk]:
    order = Random("order")  # noqa: S311 - the same demo every time
    parts = [(script, number) for script in read_all() for number in range(script.times)]
    order.shuffle(parts)
    moments = rhythm.opening_times(len(parts), now=now, chance=order)
    return [
        _talk(script, number, furnished, opened_at=_opened(script, moment, now=now))
        for (script, number), moment in zip(parts, moments, strict=True)
    ]


def _opened(script: Script, moment: datetime, *, now: datetime) -> datetime:
    if script.age is None:
        return moment
    return (now - timedelta(days=script.age)).replace(hour=8, minute=52)


def _talk(script: Script, number: int, furnished: house.House, *, opened_at: datetime) -> Talk:
    chance = Random(f"{script.key}/{number}")  # noqa: S311 - the same demo every time
    talk = Talk(
        script=script,
        number=number,
        house=furnished,
        opened_at=opened_at,
        chance=chance,
        requester=_requester(script, furnished, chance=chance),
    )
    if script.times > 1 and not script.ends and chance.random() < _LEFT_HANGING:
        talk.stop_early()
    return talk


def _requester(script: Script, furnished: house.House, *, chance: Random) -> Contact:
    if script.person:
        return furnished.by_email[script.person]
    if script.organisation:
        company = furnished.companies[script.organisation]
        return company[script.author or 0] if script.author is not None else chance.choice(company)
    if script.solo_only or script.queue in {"free", "community"}:
        return chance.choice(furnished.solo[:-1])
    return chance.choice(chance.choice(list(furnished.companies.values())))


def _play(talks: list[Talk], *, now: datetime) -> None:
    """Play what has happened by now, in the order of time across all tickets."""
    steps: list[Step] = [step for talk in talks for step in _past(talk, now=now)]
    for moment, act in sorted(steps, key=lambda step: step[0]):
        with clock.standing_at(moment):
            act()


def _past(talk: Talk, *, now: datetime) -> list[Step]:
    """The steps up to now; a step never comes before the one it follows from."""
    found: list[Step] = []
    latest = talk.opened_at
    for moment, act in talk.steps():
        latest = max(moment, latest)
        if latest > now:
            break
        found.append((latest, act))
    return found


def is_staff_of_demo(email: str) -> bool:
    """Whether this is a login of the demo that is asked for a code."""
    ours = {house.email_of(colleague.handle) for colleague in people.STAFF}
    return email.strip().lower() in ours and User.objects.filter(email=email).exists()
