"""Invitations (RFC 5545, RFC 5546) in words: what, when, where, who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from icalendar import Calendar

LARGEST = 256 * 1024
_MOST_PEOPLE = 20
_MOST_EVENTS = 5
_LONGEST = 500


@dataclass(frozen=True, kw_only=True)
class Event:
    """One appointment. Times are aware, or plain dates for whole days, or naive: "floating"."""

    summary: str
    starts: date | None
    ends: date | None
    is_repeated: bool
    place: str
    organiser: str
    people: list[str]
    description: str

    @property
    def who(self) -> str:
        """The organiser, then the others, each once."""
        return ", ".join(dict.fromkeys(name for name in [self.organiser, *self.people] if name))

    @property
    def is_timed(self) -> bool:
        """Whether it begins at a moment that is the same for everybody."""
        return isinstance(self.starts, datetime) and self.starts.tzinfo is not None

    @property
    def when(self) -> str:
        """From when to when, in the organiser's words."""
        return _when(self)


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """What a calendar part says; `method` is REQUEST, CANCEL, REPLY …, or empty."""

    method: str
    events: list[Event]

    @property
    def heading(self) -> str:
        """What is asked or told."""
        return {
            "REQUEST": _("Invitation"),
            "CANCEL": _("Cancelled appointment"),
            "REPLY": _("Answer to an invitation"),
            "COUNTER": _("Another time proposed"),
        }.get(self.method, _("Appointment"))


def read(data: bytes) -> Invitation | None:
    """The appointments of a calendar file, or None when it cannot be read or has none."""
    if len(data) > LARGEST:
        return None
    try:
        calendar = Calendar.from_ical(data)
        found = calendar.walk("VEVENT")[:_MOST_EVENTS]
        events = [_event(component) for component in found]
        method = _text(calendar.get("METHOD")).upper()
    # The library raises what the bytes provoke.
    except Exception:  # noqa: BLE001
        return None
    return Invitation(method=method, events=events) if events else None


def in_words(data: bytes) -> str:
    """A calendar file as lines of text; empty when it cannot be read.

    Times stand as the organiser wrote them, with their distance from UTC.
    """
    invitation = read(data)
    if invitation is None:
        return ""
    return "\n\n".join(
        "\n".join(_lines(event, heading=invitation.heading)) for event in invitation.events
    )


def _lines(event: Event, *, heading: str) -> list[str]:
    lines = [f"{heading}: {event.summary}".rstrip(": ")]
    if event.starts:
        lines.append(_("When: %(when)s") % {"when": _when(event)})
    if event.place:
        lines.append(_("Where: %(place)s") % {"place": event.place})
    if event.who:
        lines.append(_("Who: %(people)s") % {"people": event.who})
    if event.description:
        lines += ["", event.description]
    return lines


def _when(event: Event) -> str:
    said = _moment(event.starts)
    if event.ends and event.ends != event.starts:
        said = f"{said} – {_moment(event.ends)}"
    return f"{said} ({_('repeated')})" if event.is_repeated else said


def _moment(moment: date | None) -> str:
    if not isinstance(moment, datetime):
        return date_format(moment, "DATE_FORMAT") if moment else ""
    said = f"{date_format(moment, 'DATE_FORMAT')} {moment:%H:%M}"
    offset = moment.utcoffset()
    return said if offset is None else f"{said} {_offset(offset)}"


def _offset(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours:02}:{rest:02}"


def _event(component: Any) -> Event:
    starts, ends = _date(component.get("DTSTART")), _date(component.get("DTEND"))
    duration = getattr(component.get("DURATION"), "dt", None)
    if starts and ends is None and isinstance(duration, timedelta):
        ends = starts + duration
    is_day = starts is not None and not isinstance(starts, datetime)
    if is_day and ends and not isinstance(ends, datetime):
        # The end of whole days is the first day after them (RFC 5545 3.6.1).
        ends -= timedelta(days=1)
    attendees = component.get("ATTENDEE") or []
    attendees = attendees if isinstance(attendees, list) else [attendees]
    return Event(
        summary=_text(component.get("SUMMARY")),
        starts=starts,
        ends=ends,
        is_repeated=bool(component.get("RRULE")),
        place=_text(component.get("LOCATION")),
        organiser=_person(component.get("ORGANIZER")),
        people=[name for each in attendees[:_MOST_PEOPLE] if (name := _person(each))],
        description=_text(component.get("DESCRIPTION"), is_long=True),
    )


def _date(value: Any) -> date | None:
    moment = getattr(value, "dt", None)
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        # A zone that gives no offset is read as UTC rather than lost.
        return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
    return moment if isinstance(moment, date) else None


def _person(value: Any) -> str:
    if value is None:
        return ""
    name = _text(getattr(value, "params", {}).get("CN")).strip('"')
    address = _text(value)
    address = address[7:] if address.lower().startswith("mailto:") else address
    return f"{name} <{address}>" if name and name != address else address


def _text(value: Any, *, is_long: bool = False) -> str:
    value = value[0] if isinstance(value, list) and value else value
    text = str(value or "").replace("\x00", "").encode("utf-8", "replace").decode()
    if is_long:
        return text.strip()[: _LONGEST * 20]
    return " ".join(text.split())[:_LONGEST]
