"""The product's own processes on servers of their own, to be killed and started again."""

import contextlib
import os
import secrets
import threading
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from helpdesk.launcher.house import House
from helpdesk.launcher.services import running
from helpdesk.launcher.state import thrown_away

# What may be killed; the sweep and its clock stay, as somebody has to notice.
MORTALS = ("listener", "worker")


class Mortals(threading.Thread):
    """Starts again whoever died, as a supervisor does."""

    def __init__(self, house):
        super().__init__(daemon=True)
        self.house, self.over = house, threading.Event()
        self.deaths = 0

    def run(self):
        while not self.over.wait(0.1):
            for name in MORTALS:
                process = self.house.processes.get(name)
                if process and process.poll() is not None:
                    self.deaths += 1
                    self.house.start(name)

    def stop(self):
        self.over.set()
        self.join()


def doom(house):
    """Have listener and worker die where mails say so; gives the folder that tells of it."""
    folder = house.folder / "dooms"
    folder.mkdir()
    for name in MORTALS:
        program = house.programs[name]
        python, *rest = program.command
        program.command = (python, "-m", "tests.crash.doom", str(folder), *rest)
    return folder


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
        env = {
            **os.environ,
            **services.env,
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "helpdesk.settings",
            "DEBUG": "true",
            "LEASE_S": str(lease_s),
        }
        house = House(env, folder=state.folder("crash"))
        os.environ |= house.env
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
