"""One screen for many programs: each line says whose it is and is kept in that one's log."""

import contextlib
import os
import sys
from collections import defaultdict

from helpdesk.launcher.state import State

US = "helpdesk"
WIDTH = 9


class Output:
    """Prefixed lines on the standard output, plain lines in `log/<name>.log`."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.rest: dict[str, bytes] = defaultdict(bytes)

    def say(self, text: str) -> None:
        """Our own word."""
        self.lines(US, text.encode() + b"\n")

    def copy(self, name: str, descriptor: int) -> bool:
        """Show what waits in a pipe; False at its end."""
        try:
            data = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return True
        if not data:
            if self.rest[name]:
                self.lines(name, b"\n")
            return False
        self.lines(name, data)
        return True

    def lines(self, name: str, data: bytes) -> None:
        """Show and keep the whole lines; what is cut waits for its end."""
        *whole, self.rest[name] = (self.rest[name] + data).split(b"\n")
        if not whole:
            return
        with self.state.log(name).open("ab") as log:
            log.write(b"\n".join([*whole, b""]))
        # Whoever closed our output only wanted to see less of it.
        with contextlib.suppress(BrokenPipeError):
            for line in whole:
                sys.stdout.write(f"{name:<{WIDTH}}| {line.decode(errors='replace')}\n")
            sys.stdout.flush()
