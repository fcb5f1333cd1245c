"""The product's own processes beside servers of their own, for tests and measurements."""

import base64
import contextlib
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from helpdesk.launcher import ports, programs
from helpdesk.launcher.processes import spawn, wait_until

STARTS_WITHIN_S = 40
LAST_WORDS = 3000


class House:
    """Starts the programs by the names the launcher gives them; what they say goes to logs."""

    def __init__(self, env: Mapping[str, str], *, folder: Path) -> None:
        self.folder = folder
        self.mail_port, self.sink_port = ports.any_free(), ports.any_free()
        self.caught = folder / "caught"
        self.env = {
            **env,
            "MAIL_DOMAIN": "desk.example",
            "MAIL_DOOR": f"127.0.0.1:{self.mail_port}",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.sink_port}",
            "STORAGE_DIR": str(folder / "storage"),
        }
        everything = programs.all_programs(self.env, live_port=ports.any_free())
        everything.append(programs.sink(self.env, port=self.sink_port, folder=self.caught))
        self.programs = {program.name: program for program in everything}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str, env: Mapping[str, str] | None = None) -> None:
        """Start programs, with further variables."""
        for name in names:
            program = self.programs[name]
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = spawn(
                    program.command, output=log, env={**program.env, **(env or {})}
                )

    def kill(self, name: str) -> None:
        """As the kernel does when memory runs out: the whole group at once, without a word."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait_for_door(self) -> None:
        """Return when the listener takes mail."""
        assert wait_until(self._listens, seconds=STARTS_WITHIN_S), "the listener does not start"

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.mail_port)) == 0

    def end(self) -> None:
        """Kill what runs."""
        for name in list(self.processes):
            self.kill(name)

    def logs(self) -> Iterator[str]:
        """The last words of every program, for a run that failed."""
        for log in sorted(self.folder.glob("*.log")):
            yield f"--- {log.name}\n{log.read_text(errors='replace')[-LAST_WORDS:]}"


def production() -> dict[str, str]:
    """Variables of an installation that is not for development, with keys nobody knows."""
    return {
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "MASTER_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "BASE_URL": "https://desk.example",
    }
