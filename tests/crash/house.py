"""The product's own processes on servers of their own, to be killed and started again."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from helpdesk.launcher import ports, programs
from helpdesk.launcher.processes import spawn, wait_until
from helpdesk.launcher.services import running
from helpdesk.launcher.state import thrown_away

# What may be killed; the sweep and its clock stay, as somebody has to notice.
MORTALS = ("listener", "worker")
STARTS_WITHIN_S = 40


class House:
    """Starts the programs by the names the launcher gives them."""

    def __init__(self, env, *, folder, mail_port, sink_port):
        self.folder = folder
        self.mail_port = mail_port
        self.caught = folder / "caught"
        everything = programs.all_programs(env, live_port=ports.any_free())
        everything.append(programs.sink(env, port=sink_port, folder=self.caught))
        self.programs = {program.name: program for program in everything}
        self.processes: dict[str, subprocess.Popen] = {}

    def start(self, *names):
        for name in names:
            program = self.programs[name]
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = spawn(program.command, output=log, env=program.env)

    def kill(self, name):
        """As the kernel does when memory runs out: the whole group at once, without a word."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.mail_port)) == 0

    def wait_for_door(self):
        assert wait_until(self.listens, seconds=STARTS_WITHIN_S), "the listener does not start"

    def end(self):
        for name in list(self.processes):
            self.kill(name)

    def logs(self):
        """The last words of every program, for a run that failed."""
        for log in sorted(self.folder.glob("*.log")):
            yield f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}"


@contextlib.contextmanager
def built(*, lease_s):
    """A house with servers and a database that vanish afterwards; its variables are set."""
    # Queues of our own, whoever else uses a configured Redis.
    os.environ.pop("REDIS_URL", None)
    with (
        thrown_away() as state,
        running(state) as services,
        fresh_database(services.env["DATABASE_URL"]) as database_url,
    ):
        mail_port, sink_port = ports.any_free(), ports.any_free()
        os.environ |= {
            **services.env,
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "helpdesk.settings",
            "DEBUG": "true",
            "MAIL_DOMAIN": "desk.example",
            "MAIL_DOOR": f"127.0.0.1:{mail_port}",
            "EMAIL_URL": f"smtp://127.0.0.1:{sink_port}",
            "STORAGE_DIR": str(state.folder("storage")),
            "LEASE_S": str(lease_s),
        }
        folder = state.folder("crash")
        house = House(dict(os.environ), folder=folder, mail_port=mail_port, sink_port=sink_port)
        try:
            yield house
        finally:
            house.end()


@contextlib.contextmanager
def fresh_database(url):
    """A new database beside the one that `url` names, dropped at the end."""
    name = f"crash_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )
