"""A Redis or Valkey of our own, on the loopback interface and behind a password.

It holds what may be lost: wake-up calls, the cache, who is looking at what.
"""

import shutil
import signal
import subprocess
from pathlib import Path

import redis

from helpdesk.launcher import binaries, ports
from helpdesk.launcher.binaries import Binary
from helpdesk.launcher.postgres import last_line
from helpdesk.launcher.problems import Problem
from helpdesk.launcher.processes import has_ended, spawn, wait_until
from helpdesk.launcher.state import State

READY_WITHIN_S = 20
CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
daemonize no
databases 64
save ""
appendonly {durable}
appendfsync everysec
maxmemory 256mb
maxmemory-policy noeviction
tcp-keepalive 60
timeout 0
rename-command FLUSHALL ""
rename-command CONFIG ""
rename-command KEYS ""
"""


class Valkey:
    """The server in `valkey/`; `start()` gives its process, `url` its address."""

    name = "valkey"
    stop_signal = signal.SIGTERM

    def __init__(self, state: State) -> None:
        self.state = state
        self.binary = self._choose()
        self.port = ports.any_free()
        self.process: subprocess.Popen[bytes] | None = None
        # Its base64 may hold / and +, which a URL would need to quote.
        self.password = state.secret("valkey").translate(str.maketrans("+/=", "-_."))

    @property
    def url(self) -> str:
        """Where databases 0 (queues), 1 (cache) and 2 (live events) are."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Write the configuration; data of another program's version is dropped, not converted."""
        folder = self.state.root / "valkey"
        maker = {"path": str(self.binary.path), "major": self.binary.major}
        if self.state.read("valkey/made-by.json") != maker:
            shutil.rmtree(folder, ignore_errors=True)
        self.state.folder("valkey")
        self.state.write("valkey/made-by.json", maker)
        text = CONFIG.format(
            port=self.port,
            password=self.password,
            folder=f'"{folder}"',
            durable="no" if self.state.throwaway else "yes",
        )
        self._config.touch(mode=0o600)
        self._config.write_text(text, encoding="utf-8")

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server; its messages go to the log."""
        with self.state.log(self.name).open("ab") as log:
            self.process = spawn(
                [self.binary.path, self._config], output=log, stop=self.stop_signal
            )
        return self.process

    def wait(self) -> None:
        """Return when the server answers."""
        wait_until(lambda: answers(self.url) or has_ended(self.process), seconds=READY_WITHIN_S)
        if has_ended(self.process):
            log = self.state.log(self.name)
            raise Problem(
                f"{self.binary.path.name} did not start: {last_line(log)} The whole story is"
                f" in {log}."
            )

    @property
    def _config(self) -> Path:
        return self.state.root / "valkey" / "valkey.conf"

    def _choose(self) -> Binary:
        found = next(binaries.redis(), None)
        if not found:
            raise Problem(
                "found no Valkey and no Redis: install one (apt install redis-server), or set"
                " REDIS_URL to one that runs."
            )
        return found


def answers(url: str) -> bool:
    """True when the server there says PONG within half a second."""
    with redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
