"""What happens in a crash run, from the first mail to the verdict."""

import random
import subprocess
import threading
import time

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from helpdesk.launcher import programs  # noqa: E402
from integrations import tasks  # noqa: E402
from integrations.models import Delivery, RawInbound  # noqa: E402
from tests.crash.house import MORTALS  # noqa: E402
from tests.crash.traffic import Customers, Staff, furnish  # noqa: E402
from tickets.events import EventKind  # noqa: E402
from tickets.models import Draft, Event, Message  # noqa: E402

QUIET_WITHIN_S = 90
SWEEP_EVERY_S = 2


def play(house, options):
    """Traffic, kills, quiet; True when everything holds that must."""
    call_command("migrate", verbosity=0, skip_checks=True)
    agent = furnish()
    house.start("sink", "listener", "worker", "sweep")
    house.wait_for_door()
    customers = Customers(
        port=house.mail_port,
        number=options.messages,
        ledger=house.folder / "ledger.jsonl",
        chance=random.Random(options.seed),
    )
    staff = Staff(agent, chance=random.Random(options.seed + 1))
    beat = Beat()
    for actor in (customers, staff, beat):
        actor.start()
    _kill(house, customers, options)
    customers.join()
    staff.stop()
    quiet_after = _until_quiet()
    beat.stop()
    print(
        f"{customers.sent} mails accepted, {customers.repeats} handed in again, "
        f"{options.kills} kills, quiet after {quiet_after:.0f} s",
        flush=True,
    )
    return _holds(house, customers, staff)


class Beat(threading.Thread):
    """Wakes the sweep as Celery's beat does, but more often."""

    def __init__(self):
        super().__init__(daemon=True)
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.wait(SWEEP_EVERY_S):
            tasks.sweep.delay()

    def stop(self):
        self.stopped.set()
        self.join()


def _kill(house, customers, options):
    """Each kill at a random moment of its share of the mails, listener and worker in turn."""
    chance = random.Random(options.seed + 2)
    share = options.messages / (options.kills + 1)
    for number in range(options.kills):
        moment = share * (number + chance.random())
        while customers.is_alive() and customers.sent < moment:
            time.sleep(0.01)
        time.sleep(chance.random() * 0.05)
        victim = MORTALS[number % len(MORTALS)]
        print(f"kill -9 {victim} after {customers.sent} mails", flush=True)
        house.kill(victim)
        house.start(victim)


def _until_quiet():
    start = time.monotonic()
    while _waiting() and time.monotonic() - start < QUIET_WITHIN_S:
        time.sleep(0.5)
    return time.monotonic() - start


def _waiting():
    return (
        RawInbound.objects.filter(state="new").exists()
        or Draft.objects.filter(state="sending").exists()
        or Delivery.objects.filter(state__in=["queued", "sending"]).exists()
    )


def _holds(house, customers, staff):
    arrived = Message.objects.filter(by_staff=False).count()
    answered = Message.objects.filter(by_staff=True).count()
    held = Event.objects.filter(kind=EventKind.REPLY_HELD).count()
    twice = Delivery.objects.filter(possibly_sent_twice=True).count()
    print(
        f"{arrived} messages of {customers.sent} on tickets; of {staff.submitted} replies "
        f"{answered} sent and {held} given back because a mail came in between; "
        f"{twice} deliveries possibly sent twice",
        flush=True,
    )
    evidence = ("--grace=0", f"--ledger={customers.ledger}", f"--sink={house.caught}")
    verified = subprocess.run([*programs.MANAGE, "verify", *evidence], check=False)
    connection.close()
    nothing_gone = arrived == customers.sent and 0 < answered == staff.submitted - held
    return verified.returncode == 0 and nothing_gone
