"""What happens in a crash run, from the first mail to the verdict."""

import os
import random
import signal
import subprocess
import threading
import time

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from helpdesk.launcher import programs  # noqa: E402
from integrations import tasks  # noqa: E402
from integrations.inbound import MOST_ATTEMPTS  # noqa: E402
from integrations.models import Delivery, MessageRoute, RawInbound  # noqa: E402
from tests.crash import doom  # noqa: E402
from tests.crash.house import MORTALS, Mortals  # noqa: E402
from tests.crash.house import doom as doom_them  # noqa: E402
from tests.crash.traffic import Customers, Staff, furnish  # noqa: E402
from tickets.events import EventKind  # noqa: E402
from tickets.models import Draft, Event, Message  # noqa: E402

QUIET_WITHIN_S = 300
SWEEP_EVERY_S = 1


def play(house, options):
    """Traffic, kills, quiet; True when everything holds that must."""
    call_command("migrate", verbosity=0, skip_checks=True)
    agent = furnish()
    dooms = _dooms(options)
    deaths = doom_them(house)
    house.start("sink", "listener", "worker", "sweep")
    house.wait_for_door()
    mortals = Mortals(house)
    customers = Customers(
        port=house.mail_port,
        number=options.messages,
        ledger=house.folder / "ledger.jsonl",
        chance=random.Random(options.seed),
        dooms=dooms,
    )
    staff = Staff(agent, chance=random.Random(options.seed + 1))
    beat = Beat()
    for actor in (customers, staff, beat, mortals):
        actor.start()
    _kill(house, customers, options)
    customers.join()
    staff.stop()
    _until_quiet()
    _answer(staff, [name for name in dooms if name in [*doom.IN_SENDER, *doom.named("sender")]])
    quiet_after = _until_quiet()
    beat.stop()
    mortals.stop()
    print(
        f"{customers.sent} mails accepted, {customers.repeats} handed in again, "
        f"{options.kills} kills, quiet after {quiet_after:.0f} s",
        flush=True,
    )
    return _died(dooms, deaths) and _holds(house, customers, staff)


def _dooms(options):
    names = [*doom.IN_LISTENER, *doom.IN_READER, *doom.IN_SENDER, "poison"]
    steps = [name for part in doom.STEPS for name in doom.named(part)]
    return [*(names if options.dooms else []), *(steps if options.steps else [])]


def _answer(staff, names):
    """Answers that die on their way out."""
    ids = [f"<doom.{name}@customer.example>" for name in names]
    routes = MessageRoute.objects.filter(remote_id__in=ids)
    for number in routes.values_list("message__ticket", flat=True):
        staff.answer(number)


def _died(dooms, deaths):
    """Whether each place was reached, and the mail that kills everybody was given up."""
    happened = {path.name for path in deaths.iterdir()}
    places = [name for name in dooms if name != "poison" and not name.startswith("step-")]
    steps = sum(name.startswith("step-") for name in happened)
    print(f"died at {', '.join(sorted(happened & set(places))) or 'no place'}; {steps} at a step")
    missed = set(places) - happened
    if missed:
        print(f"nobody died at {', '.join(sorted(missed))}")
    poison = RawInbound.objects.filter(reason="attempts", state="dead", message=None)
    given_up = list(poison.values_list("attempts", flat=True))
    print(f"given up after attempts: {given_up}", flush=True)
    return not missed and given_up == ([MOST_ATTEMPTS] if "poison" in dooms else [])


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
        os.killpg(house.processes[victim].pid, signal.SIGKILL)


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
    read = customers.sent - RawInbound.objects.filter(state="dead").count()
    nothing_gone = arrived == read and 0 < answered == staff.submitted - held
    return verified.returncode == 0 and nothing_gone
