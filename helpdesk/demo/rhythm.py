"""When people write: customers mostly by day, staff in office hours, fewer at weekends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

DAYS = 60
_OPENS, _CLOSES = 7, 16  # UTC: 8 or 9 to 17 or 18 in the middle of Europe
_FIRST_WEEKEND_DAY = 5
_RESTS_AT_WEEKENDS = 0.7


def opening_times(number: int, *, now: datetime, chance: Random) -> list[datetime]:
    """So many moments of the last 60 days, oldest first; the last days are the fullest."""
    moments = [_opening(now=now, chance=chance) for _ in range(number)]
    return sorted(moments)


def _opening(*, now: datetime, chance: Random) -> datetime:
    while True:
        age = DAYS * chance.random() ** 1.7
        moment = now - timedelta(days=age)
        at = moment.replace(
            hour=min(23, max(0, int(chance.gauss(11, 3.5)))),
            minute=chance.randrange(60),
            second=chance.randrange(60),
        )
        weekend = at.weekday() >= _FIRST_WEEKEND_DAY
        if at <= now and not (weekend and chance.random() < _RESTS_AT_WEEKENDS):
            return at


def customers_next(moment: datetime, *, chance: Random) -> datetime:
    """When a customer answers: within hours, sometimes after two days, not at night."""
    answer = moment + timedelta(hours=0.3 + min(60.0, chance.expovariate(1 / 9)))
    if answer.hour < _OPENS - 1:
        answer = answer.replace(hour=_OPENS, minute=chance.randrange(60))
    return answer


def staffs_next(moment: datetime, *, chance: Random) -> datetime:
    """When staff get to it: within some hours of the office day."""
    return in_office(moment + timedelta(hours=0.2 + chance.expovariate(1 / 2.5)), chance=chance)


def in_office(moment: datetime, *, chance: Random) -> datetime:
    """The moment itself in office hours, else soon after the office opens again."""
    if moment.hour >= _CLOSES:
        moment = _morning(moment + timedelta(days=1), chance=chance)
    elif moment.hour < _OPENS:
        moment = _morning(moment, chance=chance)
    while moment.weekday() >= _FIRST_WEEKEND_DAY:
        moment = _morning(moment + timedelta(days=1), chance=chance)
    return moment


def _morning(day: datetime, *, chance: Random) -> datetime:
    opens = datetime(day.year, day.month, day.day, _OPENS, tzinfo=UTC)
    return opens + timedelta(minutes=chance.randrange(5, 150))
