"""The processes of the product; docker-compose.yml starts the same ones."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from helpdesk.launcher.processes import spawn
from helpdesk.launcher.state import ROOT

MANAGE = (sys.executable, str(ROOT / "manage.py"))
CELERY = (sys.executable, "-m", "celery", "--app=helpdesk", "--quiet")
WORKER = (
    "worker",
    "--loglevel=INFO",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
)


@dataclass
class Program:
    """A command, and the environment it needs beside the common one."""

    name: str
    command: tuple[str | Path, ...]
    env: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    has_door: bool = False

    def start(self) -> subprocess.Popen[bytes]:
        """Start it; its output goes into a pipe."""
        return spawn(self.command, output=subprocess.PIPE, env=self.env, stop=self.stop_signal)


def python(*arguments: str) -> tuple[str, ...]:
    """A command for the interpreter that runs the launcher."""
    return (sys.executable, *arguments)


def all_programs(env: Mapping[str, str], *, live_port: int) -> list[Program]:
    """Everything that makes up the running product, in the order in which it starts."""
    return [
        Program(
            "web",
            python("-m", "gunicorn", "--config=python:helpdesk.gunicorn_config", "helpdesk.wsgi"),
            {**env, "ROLE": "web"},
            has_door=True,
        ),
        Program(
            "live",
            python(
                *("-m", "uvicorn", "helpdesk.asgi:application", "--lifespan=off"),
                *("--host=127.0.0.1", f"--port={live_port}"),
                *("--no-access-log", "--timeout-graceful-shutdown=2", "--log-level=warning"),
            ),
            {**env, "ROLE": "live"},
            has_door=True,
        ),
        Program(
            "worker",
            (
                *CELERY,
                *WORKER,
                "--hostname=main@%h",
                "--queues=inbound,outbound,notify,slow",
                "--concurrency=2",
            ),
            {**env, "ROLE": "worker"},
        ),
        # Of its own, so that no flood of mail can delay what is due.
        Program(
            "sweep",
            (*CELERY, *WORKER, "--hostname=sweep@%h", "--queues=sweep", "--concurrency=1"),
            {**env, "ROLE": "worker"},
        ),
        Program("beat", (*CELERY, "beat", "--loglevel=WARNING"), {**env, "ROLE": "worker"}),
        Program("listener", (*MANAGE, "listen"), {**env, "ROLE": "listener"}, has_door=True),
    ]


def sink(env: Mapping[str, str], *, port: int, folder: Path) -> Program:
    """The local mail server that keeps what the product sends, so that nothing leaves."""
    command = python("-m", "helpdesk.launcher.sink", str(port), str(folder))
    return Program("sink", command, env, has_door=True)
