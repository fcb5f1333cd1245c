"""`python -m tests.crash.doom FOLDER PROGRAM …`: a program that dies where a mail says so.

Each mail whose Message-ID is `<doom.NAME@…>` kills the process that has it, once, at the place of
that name; `step-…-N` counts what leaves the process (statements, packets, syncs) and dies before
the N-th. That it happened is noted in FOLDER. `poison` kills whoever parses it, every time.
"""

import os
import re
import runpy
import signal
import socket
import sys
from pathlib import Path

import django

# Where a mail may have its process killed, by who has it there.
IN_LISTENER = ("before-kept", "kept", "before-250-of-ours")
IN_READER = ("mid-parse", "before-commit", "committed")
IN_SENDER = ("before-connection", "between-data-and-250", "after-250")
STEPS = {"listener": 10, "reader": 60, "sender": 40}
_NAME = re.compile(rb"<doom\.([\w-]+)@")


def named(step):
    """The names of all mails that die at some step of one part of the road."""
    return [f"step-{step}-{number}" for number in range(1, STEPS[step] + 1)]


def name_in(text):
    """The name of a doomed mail, or None."""
    found = _NAME.search(text if isinstance(text, bytes) else text.encode())
    return found[1].decode() if found else None


class Doom:
    """Kills this process at the places that mails name."""

    def __init__(self, folder):
        self.folder = Path(folder)
        # The mail whose steps are counted now, and how many are left to it.
        self.left = None

    def at(self, place, name):
        """Die, if the mail says here and nobody has died of it yet."""
        if name == place:
            self.die(name)

    def die(self, name):
        try:
            (self.folder / name).touch(exist_ok=False)
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    def count(self, part, name):
        """From now on each step may be the last."""
        _step, _dash, rest = (name or "").partition(f"step-{part}-")
        self.left = (name, int(rest)) if rest else None

    def step(self):
        if self.left:
            name, number = self.left
            self.left = (name, number - 1) if number > 1 else None
            if number == 1:
                self.die(name)


def stepping(doom, owner, method):
    """Have each call of a method count as a step."""
    original = getattr(owner, method)

    def counted(*args, **options):
        doom.step()
        return original(*args, **options)

    setattr(owner, method, counted)


def doom_the_listener(doom):
    from integrations import inbound, listener  # noqa: PLC0415

    keep, store = inbound.keep, listener.store

    def doomed_keep(data, **options):
        rows = keep(data, **options)
        doom.at("kept", name_in(data))
        return rows

    def doomed_store(letter):
        name = name_in(letter.data)
        doom.at("before-kept", name)
        doom.count("listener", name)
        key = store(letter)
        doom.left = None
        doom.at("before-250-of-ours", name)
        return key

    inbound.keep, listener.store = doomed_keep, doomed_store


def doom_the_reader(doom):
    from integrations import inbound, originals, tasks  # noqa: PLC0415
    from integrations.email.adapter import EmailAdapter  # noqa: PLC0415
    from integrations.models import RawInbound  # noqa: PLC0415

    parse, finish, process = EmailAdapter.parse, inbound._finish, inbound.process

    def doomed_parse(adapter, raw, data):
        name = name_in(data)
        doom.at("mid-parse", name)
        if name == "poison":
            os.abort()
        return parse(adapter, raw, data)

    def doomed_finish(raw, *args, **options):
        finish(raw, *args, **options)
        doom.at("before-commit", name_in(originals.read(raw)))

    def doomed_process(raw_id):
        name = name_in(originals.read(RawInbound.objects.get(pk=raw_id)))
        doom.count("reader", name)
        done = process(raw_id)
        doom.left = None
        doom.at("committed", name)
        return done

    EmailAdapter.parse, inbound._finish = doomed_parse, doomed_finish
    inbound.process = tasks.inbound.process = doomed_process


class Dying:
    """A connection whose answer nobody lives to hear."""

    def __init__(self, client, doom, name):
        self.client, self.doom, self.name = client, doom, name

    def __getattr__(self, attribute):
        return getattr(self.client, attribute)

    def getreply(self):
        self.doom.at("between-data-and-250", self.name)
        return self.client.getreply()


def name_of(delivery):
    """The name of the mail that a delivery answers."""
    return name_in(delivery.inputs.get("in_reply_to") or "")


def doom_the_sender(doom):
    from integrations import sending  # noqa: PLC0415
    from integrations.email import smtp  # noqa: PLC0415
    from integrations.email.adapter import EmailAdapter  # noqa: PLC0415
    from integrations.models import Delivery  # noqa: PLC0415

    send, given, note = EmailAdapter.send, smtp._given, sending._note_receipt
    attempt = sending.attempt

    def doomed_send(adapter, delivery):
        doom.at("before-connection", name_of(delivery))
        return send(adapter, delivery)

    def doomed_given(client, data, **options):
        return given(Dying(client, doom, name_in(data)), data, **options)

    def doomed_note(delivery, receipt):
        doom.at("after-250", name_of(delivery))
        return note(delivery, receipt)

    def doomed_attempt(delivery_id):
        doom.count("sender", name_of(Delivery.objects.get(pk=delivery_id)))
        attempt(delivery_id)
        doom.left = None

    EmailAdapter.send, smtp._given = doomed_send, doomed_given
    sending._note_receipt, sending.attempt = doomed_note, doomed_attempt


def doom_the_steps(doom):
    from psycopg import Connection, Cursor  # noqa: PLC0415

    stepping(doom, Cursor, "execute")
    stepping(doom, Connection, "commit")
    stepping(doom, os, "fsync")
    stepping(doom, socket.socket, "sendall")


def main():
    """Prepare this process, then let the program run in it."""
    folder, *program = sys.argv[1:]
    django.setup()
    doom = Doom(folder)
    for prepare in (doom_the_listener, doom_the_reader, doom_the_sender, doom_the_steps):
        prepare(doom)
    if program[0] == "-m":
        sys.argv = program[1:]
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main()
