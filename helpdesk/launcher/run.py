"""`make run`: the whole product on this machine, until Ctrl-C."""

import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from helpdesk.launcher import ports, programs
from helpdesk.launcher.output import Output
from helpdesk.launcher.problems import Problem
from helpdesk.launcher.services import Services, end_leftovers, remember, running
from helpdesk.launcher.state import State, kept
from helpdesk.launcher.supervisor import Supervisor, one_way_to_stop

OPEN_WITHIN_S = 30
DEMO_LOADED = "demo-loaded.json"


@dataclass(frozen=True)
class Doors:
    """The ports of one run."""

    web: int
    live: int
    mail: int
    sink: int

    @property
    def ours(self) -> tuple[int, ...]:
        """Those that are open when the product is ready."""
        return (self.web, self.live, self.mail)

    @classmethod
    def choose(cls) -> "Doors":
        """Those the environment names, else the usual ones, else the next free ones."""
        taken: set[int] = set()
        return cls(
            web=ports.choose("PORT", default=8000, taken=taken),
            live=ports.choose("LIVE_PORT", default=8001, taken=taken),
            mail=ports.choose("MAIL_PORT", default=2525, taken=taken),
            sink=ports.choose("SINK_PORT", default=2526, taken=taken),
        )


def main() -> None:
    """Run until Ctrl-C, SIGTERM or a closed terminal; then stop everything in order."""
    state = kept()
    with one_way_to_stop(), state.locked():
        output = Output(state)
        if left := end_leftovers(state):
            output.say(f"a killed run had left {', '.join(left)}: stopped")
        doors = Doors.choose()
        with running(state) as services:
            _serve(state, output, services=services, doors=doors)
    print("helpdesk stopped.")


def environment(state: State, *, services: Services, doors: Doors) -> dict[str, str]:
    """What every program of this run sees; a variable that is set already wins, ports excepted.

    Our part is kept in `environment.json` for `exec`, which runs commands beside us.
    """
    chosen = {
        "DEBUG": "true",
        "SECRET_KEY": state.secret("SECRET_KEY", size=48),
        "MASTER_KEYS": state.secret("MASTER_KEYS", size=32),
        "BASE_URL": f"http://localhost:{doors.web}",
        "LIVE_URL": f"http://localhost:{doors.live}/live/events",
        "MAIL_DOMAIN": "helpdesk.example",
        "EMAIL_URL": f"smtp://127.0.0.1:{doors.sink}",
        "STORAGE_DIR": str(state.folder("storage")),
        "PYTHONUNBUFFERED": "1",
    }
    places = {
        "WEB_BIND": f"127.0.0.1:{doors.web}",
        "MAIL_DOOR": f"127.0.0.1:{doors.mail}",
        **services.env,
    }
    env = {**chosen, **os.environ, **places}
    state.write("environment.json", {name: env[name] for name in [*chosen, *places]})
    return env


def _serve(state: State, output: Output, *, services: Services, doors: Doors) -> None:
    env = environment(state, services=services, doors=doors)
    _migrate(env)
    logins = _load_demo_once(state, env)
    supervisor = Supervisor(output, on_change=lambda pids: remember(state, pids))
    supervisor.adopt(services.own)
    ours = programs.all_programs(env, live_port=doors.live)
    if "EMAIL_URL" not in os.environ:
        ours.append(programs.sink(env, port=doors.sink, folder=state.root / "sent-mail"))
    try:
        # Those with a door first: they are what people wait for.
        waited_for = [program for program in ours if program.has_door]
        supervisor.add(waited_for)
        _wait_for(doors, supervisor)
        supervisor.add([program for program in ours if program not in waited_for])
        _welcome(state, env, logins=logins)
        supervisor.watch(until=lambda: False)
    finally:
        output.say("stopping")
        supervisor.stop(ours)


def _wait_for(doors: Doors, supervisor: Supervisor) -> None:
    """Until each door is open; one that stays shut says why on the screen meanwhile."""
    end = time.monotonic() + OPEN_WITHIN_S
    supervisor.watch(
        until=lambda: all(map(_listens, doors.ours)) or time.monotonic() > end, every=0.1
    )


def _migrate(env: dict[str, str]) -> None:
    if subprocess.run([*programs.MANAGE, "migrate", "--no-input"], env=env, check=False).returncode:
        raise Problem("the database could not be brought up to date; the reason stands above.")


def _load_demo_once(state: State, env: dict[str, str]) -> str:
    """Into a database of ours, or one in which nobody has an account yet; returns the logins."""
    if isinstance(logins := state.read(DEMO_LOADED), str):
        return logins
    if "DATABASE_URL" in os.environ and _has_users(env):
        return ""
    _manage(env, "demo")
    logins = _manage(env, "demo", "--logins", quiet=True)
    state.write(DEMO_LOADED, logins)
    return logins


def _has_users(env: dict[str, str]) -> bool:
    with psycopg.connect(env["DATABASE_URL"]) as connection:
        return connection.execute("SELECT 1 FROM tickets_user LIMIT 1").fetchone() is not None


def _manage(env: dict[str, str], *arguments: str, quiet: bool = False) -> str:
    done = subprocess.run(
        [*programs.MANAGE, *arguments],
        env=env,
        stdout=subprocess.PIPE if quiet else None,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Problem(f"`manage.py {' '.join(arguments)}` failed; the reason stands above.")
    return done.stdout or ""


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _welcome(state: State, env: dict[str, str], *, logins: str) -> None:
    sent = state.root / "sent-mail"
    outgoing = env["EMAIL_URL"] if "EMAIL_URL" in os.environ else f"{_short(sent)}/"
    print(
        "",
        "The helpdesk runs; Ctrl-C stops it.",
        "",
        f"  Pages          {env['BASE_URL']}/",
        f"  Mail comes in  smtp://{env['MAIL_DOOR']}",
        f"  Mail goes out  {outgoing}",
        f"  State, logs    {_short(state.root)}/, {_short(state.root)}/log/",
        "",
        *(f"  {line}" for line in logins.splitlines()),
        "",
        sep="\n",
        flush=True,
    )


def _short(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
