"""Taking an archive of mail into a channel: a Job that can be cut at any moment and goes on.

Each mail takes the road of every other, marked as old: nothing is acknowledged, nobody is told.
What stands in the originals is the truth; the job's cursor only saves looking again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from integrations import inbound, originals, reporting
from integrations.models import Channel, InboundState, RawInbound
from tickets import clock
from tickets.actions import history
from tickets.models import Job, JobState, Message, Ticket
from tickets.permissions import SYSTEM

if TYPE_CHECKING:
    from integrations.importing_files import Found

KIND = "import_mail"
_SOURCE = "import"
# The command reads what it stores itself; workers leave it alone for so long.
_WAIT = timedelta(minutes=10)
# So many mails at most are looked at again after a kill.
_NOTED_EVERY = 20
# A person should look at what came to this.
TROUBLE = ("held", "failed", "unreadable")


def begun(channel: Channel, paths: Sequence[str], mails: Sequence[Found]) -> Job:
    """The job that takes these paths into the channel: one that was cut, else a new one.

    It goes on where it was, unless the files changed meanwhile; then all is looked at again,
    and what was taken in is found as had already.
    """
    data = {"channel": channel.slug, "paths": [_text(path) for path in paths]}
    unfinished = Job.objects.filter(kind=KIND, data=data).exclude(
        state__in=[JobState.DONE, JobState.CANCELLED]
    )
    job = unfinished.order_by("-pk").first() or Job(kind=KIND, data=data)
    prints = _print_of(mails)
    if job.cursor.get("print") != prints:
        job.cursor, job.done, job.failed = {"print": prints, "at": 0, "counts": {}}, 0, 0
    job.state, job.total, job.error = JobState.RUNNING, len(mails), ""
    job.save()
    return job


def run(job: Job, channel: Channel, mails: Sequence[Found]) -> Generator[Job, None, None]:
    """Take in what is left, oldest first; gives the job after each mail.

    Left before its end, the job waits to be begun again. Raises DatabaseError when the database
    is away.
    """
    counts = Counter(job.cursor["counts"])
    try:
        for number in range(job.cursor["at"], len(mails)):
            counts[_taken(mails[number], job=job, channel=channel)] += 1
            job.done = job.cursor["at"] = number + 1
            job.cursor["counts"] = dict(counts)
            job.failed = sum(counts[word] for word in TROUBLE)
            if job.done % _NOTED_EVERY == 0:
                _note(job)
            yield job
        job.state, job.finished_at = JobState.DONE, clock.now()
    except (GeneratorExit, KeyboardInterrupt):
        job.state = JobState.WAITING
        raise
    except Exception as error:
        job.state, job.error = JobState.FAILED, f"{type(error).__name__}: {error}"
        raise
    finally:
        _note(job)


def _note(job: Job) -> None:
    job.save(update_fields=["cursor", "done", "failed", "state", "finished_at", "error"])


def _taken(found: Found, *, job: Job, channel: Channel) -> str:
    """Keep and read one mail; gives what became of it in a word."""
    try:
        data = found.read()
    except (OSError, MemoryError):
        return "unreadable"
    # A mail that stands twice in an archive is one; one that a kill cut off is this one.
    place = f"{_text(found.path)}:{found.start}"
    raw = _kept(data, found=found, channel=channel, note={"job": job.pk, "place": place})
    if (raw.envelope.get("job"), raw.envelope.get("place")) != (job.pk, place):
        return "duplicate"
    if raw.state == InboundState.NEW:
        _free(raw)
        raw = inbound.read(raw.pk).raw
    return reporting.outcome_of(raw)


def _kept(data: bytes, *, found: Found, channel: Channel, note: dict[str, Any]) -> RawInbound:
    key = f"{channel.pk}:{hashlib.sha256(data).hexdigest()}"
    with nullcontext() if originals.stands_in_row(data) else transaction.atomic():
        raw, _is_new = originals.keep(
            data,
            source=originals.Source(name=_SOURCE, key=key),
            channel=channel,
            envelope={"imported": True, "rcpt_tos": [], **note},
            wait=_WAIT,
            received_at=found.at,
        )
    return raw


def _free(raw: RawInbound) -> None:
    """Take it back from an import that was killed while it read it. Workers keep theirs: they
    come when the wait is over, and one import alone is at work on a channel.
    """
    left = RawInbound.objects.filter(pk=raw.pk, next_attempt_at__gt=clock.now())
    left.filter(state=InboundState.NEW, lease_until__isnull=False).update(lease_until=None)


def tickets_of(job: Job) -> list[int]:
    """The numbers of the tickets that the import put something on, in order."""
    came = RawInbound.objects.filter(source=_SOURCE, envelope__job=job.pk, ticket__isnull=False)
    return sorted(set(came.values_list("ticket", flat=True)))


def close_all(job: Job) -> int:
    """Close the tickets on which nothing stands but what the import brought; gives how many."""
    others = Message.objects.exclude(original__envelope__job=job.pk)
    live = Ticket.objects.live().filter(pk__in=tickets_of(job)).exclude(messages__in=others)
    tickets = list(live)
    for ticket in tickets:
        history.close_old(ticket, by=SYSTEM)
    return len(tickets)


def _print_of(mails: Sequence[Found]) -> str:
    """Changes when any mail is added, moved or gone."""
    digest = hashlib.sha256()
    for found in mails:
        digest.update(f"{found.at} {_text(found.path)} {found.start} {found.end}\n".encode())
    return digest.hexdigest()


def _text(path: str) -> str:
    """A path as text that a database takes; names on disk may be any bytes."""
    return path.encode("utf-8", "backslashreplace").decode()
