"""PostgreSQL and Redis for one run: the configured ones, else our own."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol
from urllib.parse import urlsplit

import psycopg

from helpdesk.launcher import valkey
from helpdesk.launcher.binaries import OLDEST_POSTGRES
from helpdesk.launcher.postgres import Postgres
from helpdesk.launcher.problems import Problem, told_in_a_sentence
from helpdesk.launcher.processes import started_at, stop_group, wait_until
from helpdesk.launcher.state import State
from helpdesk.launcher.valkey import Valkey

RECORD = "processes.json"
GRACE_S = 10


class Service(Protocol):
    """A server that the launcher runs."""

    name: str
    stop_signal: signal.Signals

    process: subprocess.Popen[bytes] | None

    @property
    def url(self) -> str: ...
    def prepare(self) -> None: ...
    def start(self) -> subprocess.Popen[bytes]: ...
    def wait(self) -> None: ...


class Services:
    """The servers of one run and the variables that lead to them."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.own: list[Service] = []
        self.env: dict[str, str] = {}
        self._offer("DATABASE_URL", Postgres, check=check_database)
        self._offer("REDIS_URL", Valkey, check=check_redis)

    def _offer(
        self,
        variable: str,
        maker: Callable[[State], Service],
        *,
        check: Callable[[str], None],
    ) -> None:
        if url := os.environ.get(variable):
            check(url)
            self.env[variable] = url
            return
        service = maker(self.state)
        self.own.append(service)
        self.env[variable] = service.url

    def start(self) -> None:
        """Start our own servers side by side and wait until each answers."""
        for service in self.own:
            service.prepare()
            service.start()
        for service in self.own:
            service.wait()

    def stop(self) -> None:
        """Stop our own servers in good order; kill what does not listen."""
        for service in self.own:
            if service.process:
                stop_group(service.process.pid, stop=service.stop_signal)
        for service in self.own:
            if service.process:
                _end(service.process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        stop_group(process.pid, stop=signal.SIGKILL)
        process.wait()


@contextmanager
def running(state: State) -> Iterator[Services]:
    """The servers, running; stopped at the end however it comes."""
    with told_in_a_sentence(state.root):
        services = Services(state)
        try:
            services.start()
            yield services
        finally:
            services.stop()


def remember(state: State, processes: dict[str, int]) -> None:
    """Note what runs (name to pid), so that a start after kill -9 can find what is left."""
    entries = [{"name": name, "pid": pid, "at": started_at(pid)} for name, pid in processes.items()]
    state.write(RECORD, entries)


def end_leftovers(state: State) -> list[str]:
    """Stop what a killed launcher left behind; returns the names."""
    left = [
        entry
        for entry in state.read(RECORD) or []
        if entry["at"] and started_at(entry["pid"]) == entry["at"]
    ]
    for entry in left:
        stop = signal.SIGINT if entry["name"] == Postgres.name else signal.SIGTERM
        stop_group(entry["pid"], stop=stop)
    for entry in left:
        pid, at = entry["pid"], entry["at"]
        if not wait_until(lambda pid=pid, at=at: started_at(pid) != at, seconds=GRACE_S):  # type: ignore[misc]
            stop_group(pid, stop=signal.SIGKILL)
    return [entry["name"] for entry in left]


def check_database(url: str) -> None:
    """Raises Problem unless a PostgreSQL of our age answers at the configured address."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        raise Problem(
            f"DATABASE_URL leads to no PostgreSQL that lets us in: {str(error).splitlines()[0]}"
        ) from error
    if version < OLDEST_POSTGRES:
        raise Problem(
            f"DATABASE_URL leads to PostgreSQL {version}: {OLDEST_POSTGRES} or newer is needed."
        )


def check_redis(url: str) -> None:
    """Raises Problem unless a server answers at the configured address."""
    if not valkey.answers(url):
        place = urlsplit(url)
        raise Problem(
            f"REDIS_URL leads to {place.hostname}:{place.port or 6379}, where nothing answers:"
            " start that server, or unset REDIS_URL to let one be started here."
        )
