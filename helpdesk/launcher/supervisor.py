"""Keeps programs running: shows their output, starts the fallen again, stops all together."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from helpdesk.launcher.output import Output
from helpdesk.launcher.processes import stop_group

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S = 8
SHORTEST_REST_S = 1
LONGEST_REST_S = 30
# A program that ran this long was healthy: its next fall is its first again.
HEALTHY_AFTER_S = 60


class Child(Protocol):
    """A program that is kept running."""

    name: str
    stop_signal: signal.Signals

    def start(self) -> subprocess.Popen[bytes]: ...


class Runs(Child, Protocol):
    """One that somebody else has started."""

    process: subprocess.Popen[bytes] | None


class Life:
    """One child: its process, and how long to rest before it is started again."""

    def __init__(self, child: Child, *, process: subprocess.Popen[bytes] | None = None) -> None:
        self.child = child
        self.process = process
        self.rest = SHORTEST_REST_S
        self.due: float | None = None
        self.born = time.monotonic()

    def start(self) -> subprocess.Popen[bytes]:
        """Start the program."""
        self.due, self.born = None, time.monotonic()
        self.process = self.child.start()
        return self.process

    def has_fallen(self) -> bool:
        """True once for each end of the process."""
        return self.due is None and self.process is not None and self.process.poll() is not None

    def rest_before_restart(self) -> int:
        """Plan the next start; returns the seconds until then, twice as many each time."""
        now = time.monotonic()
        if now - self.born > HEALTHY_AFTER_S:
            self.rest = SHORTEST_REST_S
        rest, self.rest = self.rest, min(self.rest * 2, LONGEST_REST_S)
        self.due = now + rest
        return rest


class Supervisor:
    """Runs in one thread: output, deaths and signals all wake the same wait."""

    def __init__(self, output: Output, *, on_change: Callable[[dict[str, int]], None]) -> None:
        self.lives: list[Life] = []
        self.output = output
        self.on_change = on_change
        self.selector = selectors.DefaultSelector()

    def add(self, children: Sequence[Child]) -> None:
        """Start programs."""
        for child in children:
            life = Life(child)
            self.lives.append(life)
            self._start(life)
        self._tell()

    def adopt(self, children: Sequence[Runs]) -> None:
        """Watch programs that run already."""
        self.lives += [Life(child, process=child.process) for child in children]
        self._tell()

    def watch(self, *, until: Callable[[], bool], every: float | None = None) -> None:
        """Keep all running until `until()`, asked `every` so many seconds and at each event."""
        with self._deaths_wake_us():
            while not until():
                self._step(every)

    def stop(self, children: Sequence[Child]) -> None:
        """Ask these programs to end; kill what has not done so after GRACE_S."""
        lives = [life for life in self.lives if life.child in children]
        for life in lives:
            if life.process:
                stop_group(life.process.pid, stop=life.child.stop_signal)
        end = time.monotonic() + GRACE_S
        while any(_runs(life) for life in lives) and time.monotonic() < end:
            self._show(timeout=0.05)
        for life in lives:
            if life.process and _runs(life):
                self.output.say(f"{life.child.name} does not stop: killed")
                stop_group(life.process.pid, stop=signal.SIGKILL)
                life.process.wait()
        self._show(timeout=0)

    def _start(self, life: Life) -> None:
        process = life.start()
        if process.stdout:
            os.set_blocking(process.stdout.fileno(), False)
            self.selector.register(process.stdout, selectors.EVENT_READ, life.child.name)

    def _step(self, every: float | None) -> None:
        for life in self.lives:
            if life.has_fallen():
                self._announce_fall(life)
            elif life.due is not None and time.monotonic() >= life.due:
                self._start(life)
                self._tell()
        self._show(timeout=self._patience(every))

    def _announce_fall(self, life: Life) -> None:
        code = life.process.returncode if life.process else 0
        rest = life.rest_before_restart()
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        self.output.say(f"{life.child.name} ended ({how}): starting it again in {rest} s")

    def _patience(self, every: float | None) -> float | None:
        now = time.monotonic()
        waits = [max(0.0, life.due - now) for life in self.lives if life.due is not None]
        return min([*waits, *([every] if every is not None else [])], default=None)

    def _show(self, *, timeout: float | None) -> None:
        for key, _ in self.selector.select(timeout):
            if key.data is None:
                os.read(key.fd, 4096)
            elif not self.output.copy(key.data, key.fd):
                self.selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]

    def _tell(self) -> None:
        self.on_change({life.child.name: life.process.pid for life in self.lives if life.process})

    @contextmanager
    def _deaths_wake_us(self) -> Iterator[None]:
        """A dying child writes a byte into our wait, so nothing needs to be asked over and over."""
        read, write = os.pipe()
        os.set_blocking(write, False)
        self.selector.register(read, selectors.EVENT_READ, None)
        before = signal.signal(signal.SIGCHLD, lambda *_: None)
        wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            signal.signal(signal.SIGCHLD, before)
            self.selector.unregister(read)
            os.close(read)
            os.close(write)


def _runs(life: Life) -> bool:
    return life.process is not None and life.process.poll() is None


@contextmanager
def one_way_to_stop() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal all become KeyboardInterrupt, once.

    While the end is under way further ones are ignored: what runs is being stopped already.
    """

    def interrupt(*_: object) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
