"""The one folder that holds everything the product keeps on this machine: `.state/`."""

import base64
import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpdesk.launcher.problems import Problem, check_space, told_in_a_sentence

ROOT = Path(__file__).resolve().parents[2]
BIG_LOG_BYTES = 10 << 20


@dataclass(frozen=True)
class State:
    """Paths and small files below one folder of mode 0700."""

    root: Path
    throwaway: bool = False

    def folder(self, name: str) -> Path:
        """A folder of ours, made when missing, readable by this user only."""
        path = self.root / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def log(self, name: str) -> Path:
        """The log of a process; one that grew big is moved aside, the one before it goes."""
        path = self.folder("log") / f"{name}.log"
        if path.exists() and path.stat().st_size > BIG_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def read(self, name: str) -> Any:
        """A small JSON file; None when it is missing or was cut short."""
        try:
            return json.loads((self.root / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def write(self, name: str, value: Any) -> None:
        """Replace a small JSON file whole, readable by this user only."""
        path = self.root / name
        fresh = path.with_name(f"{path.name}.new")
        with open(fresh, "w", encoding="utf-8", opener=_private) as file:
            json.dump(value, file, indent=1)
        fresh.replace(path)

    def secret(self, name: str, *, size: int = 32) -> str:
        """A random key of `size` bytes in base64, made once and kept."""
        path = self.folder("secrets") / name
        if not path.exists():
            fresh = path.with_suffix(".new")
            with open(fresh, "w", encoding="ascii", opener=_private) as file:
                file.write(base64.b64encode(secrets.token_bytes(size)).decode())
            fresh.replace(path)
        return path.read_text(encoding="ascii").strip()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one copy may use the folder; the kernel frees the lock however that copy ends."""
        with (self.root / "lock").open("a+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                raise Problem(
                    f"it runs already (process {file.read().strip() or 'unknown'}) with the data"
                    f" in {self.root}: stop it there with Ctrl-C, or use the one that runs."
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    @property
    def in_use(self) -> bool:
        """True while a copy holds the lock."""
        try:
            with self.locked():
                return False
        except Problem:
            return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def kept() -> State:
    """The lasting state: `.state/` beside manage.py, or STATE_DIR."""
    root = Path(os.environ.get("STATE_DIR") or ROOT / ".state").absolute()
    with told_in_a_sentence(root):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_space(root)
    return State(root)


def erase(state: State) -> None:
    """Remove the folder with all data, keys and logs; refused while a copy runs."""
    with state.locked():
        shutil.rmtree(state.root)


@contextmanager
def thrown_away(*, is_durable: bool = False) -> Iterator[State]:
    """A state that is gone afterwards, on a short path (socket names are limited).

    Its servers do not wait for the disk, unless `is_durable`.
    """
    root = Path(tempfile.mkdtemp(prefix="helpdesk-"))
    try:
        check_space(root)
        yield State(root, throwaway=not is_durable)
    finally:
        shutil.rmtree(root, ignore_errors=True)
