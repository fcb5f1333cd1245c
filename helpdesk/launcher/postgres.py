"""A PostgreSQL of our own: made once, reached by a socket that only this user can open."""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from helpdesk.launcher import binaries
from helpdesk.launcher.binaries import Binary
from helpdesk.launcher.problems import Problem
from helpdesk.launcher.processes import has_ended, spawn, wait_until, working_in
from helpdesk.launcher.state import State

# sockaddr_un holds 108 bytes with the closing zero; the file is called `.s.PGSQL.5432`.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")
# From this version on the locale comes with the server and is the same everywhere.
BUILTIN_LOCALES_SINCE = 17
READY_WITHIN_S = 60
LAST_WORDS_S = 10
NAME = "helpdesk"
RELAXED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Postgres:
    """The cluster in `postgres/data`; `start()` gives its process, `url` its address."""

    name = "postgres"
    stop_signal = signal.SIGINT

    def __init__(self, state: State) -> None:
        self.state = state
        self.data = state.folder("postgres") / "data"
        self.binary = self._choose()
        self.socket = socket_folder(state)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The application's own role: owns its database, rules nothing else."""
        return f"postgres://{NAME}@/{NAME}?host={quote(str(self.socket), safe='')}"

    def prepare(self) -> None:
        """Make the cluster when there is none; a cut-short attempt leaves no trace."""
        if self.data.exists():
            return
        fresh = self.data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self._initdb(fresh)
        self.state.write("postgres/made-by.json", _description(self.binary))
        fresh.rename(self.data)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server; its messages go to the log."""
        self._forget_dead_server()
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={self.socket}",
            "unix_socket_permissions=0700",
            "shared_buffers=64MB",
            "max_connections=100",
            "log_line_prefix=%m [%p] %q%a ",
            *(RELAXED if self.state.throwaway else ()),
        ]
        options = [word for setting in settings for word in ("-c", setting)]
        with self.state.log(self.name).open("ab") as log:
            self.process = spawn(
                _as_ordinary_user([self.binary.path, "-D", self.data, *options]),
                output=log,
                stop=self.stop_signal,
            )
        return self.process

    def wait(self) -> None:
        """Return when the server answers and our role and database exist."""
        wait_until(lambda: self._ready() or has_ended(self.process), seconds=READY_WITHIN_S)
        if not self._ready():
            raise Problem(
                f"PostgreSQL ({self.binary.path}) did not start:"
                f" {last_line(self.state.log(self.name))} The whole story is in"
                f" {self.state.log(self.name)}."
            )
        self._create_database()

    def _choose(self) -> Binary:
        """The binaries that made the cluster, or others of the same major version."""
        made_by = self.state.read("postgres/made-by.json") if self.data.exists() else None
        found = list(binaries.postgres())
        if not found:
            raise Problem(
                "found no PostgreSQL 15 or newer: install it (apt install postgresql), or set"
                " DATABASE_URL to one that runs."
            )
        if not made_by:
            return found[0]
        same = [binary for binary in found if binary.major == made_by["major"]]
        if not same:
            raise Problem(
                f"the data in {self.data} was made by PostgreSQL {made_by['major']}"
                f" ({made_by['path']}), which is gone; here are {_versions(found)}. Install"
                f" PostgreSQL {made_by['major']} again, or start anew with `make reset`."
            )
        exact = [binary for binary in same if str(binary.path) == made_by["path"]]
        return (exact or same)[0]

    def _initdb(self, folder: Path) -> None:
        command: list[str | Path] = [
            self.binary.folder / "initdb",
            *("-D", folder, "-U", "postgres", "-A", "trust", "-E", "UTF8"),
            "--locale=C.UTF-8" if _has_c_utf8() else "--locale=C",
            "--data-checksums",
        ]
        if self.binary.major >= BUILTIN_LOCALES_SINCE:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.state.throwaway:
            command += ["--no-sync"]
        made = subprocess.run(
            _as_ordinary_user(command), capture_output=True, text=True, check=False
        )
        if made.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Problem(f"PostgreSQL could not make its data folder: {reason}")

    def _forget_dead_server(self) -> None:
        """Drop the pid file of a killed server: its number may belong to someone else by now.

        Only when nobody works in the folder any more: two servers on one cluster destroy it.
        """
        if not wait_until(lambda: not working_in(self.data), seconds=LAST_WORDS_S):
            raise Problem(
                f"a PostgreSQL still works in {self.data}: stop process {working_in(self.data)[0]}."
            )
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _ready(self) -> bool:
        """What pg_ctl looks at: the eighth line of the server's pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"  # noqa: PLR2004

    def _create_database(self) -> None:
        role = sql.Identifier(NAME)
        with psycopg.connect(
            host=str(self.socket), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            if not connection.execute(
                "SELECT 1 FROM pg_roles WHERE rolname = %s", [NAME]
            ).fetchone():
                # CREATEDB is for the tests, which make a database of their own.
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
            if not connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [NAME]
            ).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))


def socket_folder(state: State) -> Path:
    """A folder of mode 0700 whose path is short enough for a socket's name."""
    folder = state.folder("postgres/socket")
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    mark = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"helpdesk-{os.getuid()}-{mark}"
    short.mkdir(mode=0o700, exist_ok=True)
    facts = short.lstat()
    if facts.st_uid != os.getuid() or facts.st_mode & 0o077 or not short.is_dir():
        raise Problem(f"{short} belongs to somebody else: remove it, or set STATE_DIR.")
    return short


def last_line(log: Path) -> str:
    """The end of a log, for a sentence."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing."


def _as_ordinary_user(command: Sequence[str | Path]) -> list[str | Path]:
    """PostgreSQL refuses to run as root: root enters a user namespace and is someone else there.

    The files stay root's; nothing on the machine changes its owner or rights.
    """
    if os.geteuid() != 0:
        return list(command)
    somebody = min(user.pw_uid for user in pwd.getpwall() if user.pw_uid > 0)
    prefix = ["unshare", "--user", f"--map-user={somebody}", "--"]
    try:
        allowed = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        allowed = None
    if allowed is None or allowed.returncode:
        raise Problem(
            "PostgreSQL does not run as root and this machine gives root no user namespace:"
            " start as an ordinary user, or set DATABASE_URL to a server that runs."
        )
    return [*prefix, *command]


def _has_c_utf8() -> bool:
    """Whether the C library knows the locale (Debian and glibc from 2.35 on do)."""
    import locale

    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return False
    locale.setlocale(locale.LC_CTYPE, before)
    return True


def _description(binary: Binary) -> dict[str, str | int]:
    return {"path": str(binary.path), "major": binary.major}


def _versions(found: Sequence[Binary]) -> str:
    return ", ".join(f"{binary.major} ({binary.path})" for binary in found)
