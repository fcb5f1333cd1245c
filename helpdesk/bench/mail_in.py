"""The whole road in: by SMTP through the real door, read by real workers, onto tickets."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.db.models import Count

from helpdesk.bench import machine
from helpdesk.launcher.house import House, production
from helpdesk.launcher.processes import wait_until
from integrations.models import Channel, ChannelAddress, InboundState, RawInbound
from tickets.models import Message, Queue, Ticket

ADDRESS = "support@desk.example"
# Every fifth mail answers a question that came a while before, over the same connection.
CONNECTIONS = 4
ANSWERS_EVERY, ANSWERS_BACK, FIRST_ANSWERS_BACK = 5, 24, 4
WARM_UP = 40
GIVES_UP_AFTER_S = 300
_WORDS = "Since this morning the export of the monthly report stops with an error message. "


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one run over the same mails took and left."""

    mails: int
    seconds: float
    cpu_ms: dict[str, float]
    messages: int
    threaded: int

    @property
    def per_second(self) -> float:
        """Mails a second, from the first connection to the last mail on its ticket."""
        return self.mails / self.seconds


def measured(env: dict[str, str], *, folder: Path, number: int) -> Generator[Figures, None, None]:
    """Hand in `number` mails, then the same ones once more; gives the figures of each run.

    The database that `env` leads to is migrated and empty.
    """
    _furnish()
    with _open_house({**env, **production()}, folder=folder) as house:
        _run(house, [_mail(n, name="warm") for n in range(WARM_UP)])
        mails = [_mail(n, name="mail") for n in range(number)]
        for _time in range(2):
            yield _run(house, mails)


@contextmanager
def _open_house(env: dict[str, str], *, folder: Path) -> Iterator[House]:
    house = House(env, folder=folder)
    try:
        house.start("sink", "listener", "worker")
        house.wait_for_door()
        yield house
    finally:
        house.end()


def _furnish() -> None:
    queue = Queue.objects.create(name="Support", slug="support")
    channel = Channel.objects.create(kind="email", name="Support", slug="support", queue=queue)
    ChannelAddress.objects.create(channel=channel, address=ADDRESS, is_primary=True)


def _mail(number: int, *, name: str) -> tuple[str, bytes]:
    """The sender and bytes of one mail, some eighty words long."""
    is_answer = number % ANSWERS_EVERY == ANSWERS_EVERY - 1
    back = ANSWERS_BACK if number >= ANSWERS_BACK else FIRST_ANSWERS_BACK
    thread = number - back if is_answer else number
    sender = f"{name}{thread}@customer.example"
    head = [
        f"From: Customer {thread} <{sender}>",
        f"To: {ADDRESS}",
        f"Subject: {'Re: ' if is_answer else ''}Question {thread}",
        f"Message-ID: <{name}.{number}@customer.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
    ]
    if is_answer:
        head.append(f"In-Reply-To: <{name}.{thread}@customer.example>")
    body = (_WORDS * 6 + "\r\n") + f"This is number {number}.\r\n"
    return sender, ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def _run(house: House, mails: Sequence[tuple[str, bytes]]) -> Figures:
    had = Message.objects.count()
    cpu = _cpu(house)
    start = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        shares = [mails[n::CONNECTIONS] for n in range(CONNECTIONS)]
        list(pool.map(lambda share: _hand_in(share, port=house.mail_port), shares))
    wait_until(_all_read, seconds=GIVES_UP_AFTER_S)
    seconds = time.perf_counter() - start
    used = {name: (now - cpu[name]) * 1000 / len(mails) for name, now in _cpu(house).items()}
    return Figures(
        mails=len(mails),
        seconds=seconds,
        cpu_ms=used,
        messages=Message.objects.count() - had,
        threaded=_threaded(),
    )


def _hand_in(mails: Sequence[tuple[str, bytes]], *, port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, "localhost", timeout=60) as client:
        for sender, data in mails:
            client.sendmail(sender, [ADDRESS], data)


def _all_read() -> bool:
    return not RawInbound.objects.filter(state=InboundState.NEW).exists()


def _threaded() -> int:
    """Messages that stand on the ticket they answer."""
    tickets = Ticket.objects.filter(requester__identities__external_id__startswith="mail")
    talks = tickets.annotate(said=Count("messages", distinct=True)).filter(said__gt=1)
    return sum(said - 1 for said in talks.values_list("said", flat=True))


def _cpu(house: House) -> dict[str, float]:
    used = {name: machine.cpu_s(process.pid) for name, process in house.processes.items()}
    return {**used, "postgres": machine.cpu_s(_server())}


def _server() -> int:
    """The process that started the one which serves us."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    return machine.parent_of(backend)
