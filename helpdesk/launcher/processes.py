"""Starting and stopping processes so that none outlives the launcher."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1


def tether(stop: signal.Signals) -> Callable[[], None] | None:
    """What a child runs before its program: the kernel sends it `stop` when the launcher dies,
    even by kill -9 (Linux; elsewhere the next start finds what was left).
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    launcher = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, stop, 0, 0, 0)
        if os.getppid() != launcher:
            os._exit(1)

    return tie


def spawn(
    command: Sequence[str | Path],
    *,
    output: IO[bytes] | int,
    env: Mapping[str, str] | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that Ctrl-C reaches the launcher alone."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=None if env is None else dict(env),
        start_new_session=True,
        # Runs one prepared system call; the launcher has a single thread.
        preexec_fn=tether(stop),  # noqa: PLW1509
    )


def started_at(pid: int) -> str | None:
    """When the process began, in clock ticks since boot: tells it from a later one that was
    given the same number. None when there is no such process, or it is only a corpse.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def stop_group(pid: int, *, stop: signal.Signals) -> None:
    """Ask a process to stop, whole group when it leads one; silent when it is gone."""
    try:
        os.killpg(pid, stop) if stop == signal.SIGKILL else os.kill(pid, stop)
    except (ProcessLookupError, PermissionError):
        return


def wait_until(ready: Callable[[], bool], *, seconds: float) -> bool:
    """Ask again every 20 ms until it is so; False when the time is over."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def has_ended(process: subprocess.Popen[bytes] | None) -> bool:
    """True unless it was started and still runs."""
    return process is None or process.poll() is not None


def working_in(folder: Path) -> list[int]:
    """The processes whose working directory it is (known on Linux only)."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.readlink() == folder:
                found.append(int(link.parent.name))
        except OSError:
            # Gone meanwhile, or somebody else's.
            continue
    return found
