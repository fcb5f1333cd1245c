"""The launcher's servers: made once, kept to their binaries, never left behind."""

import os
import shutil
import signal
import socket
from types import SimpleNamespace

import psycopg
import pytest

from helpdesk.launcher import binaries, ports, problems
from helpdesk.launcher.postgres import LONGEST_SOCKET_FOLDER, Postgres, socket_folder
from helpdesk.launcher.problems import Problem
from helpdesk.launcher.processes import started_at, working_in
from helpdesk.launcher.services import check_database, check_redis, end_leftovers, remember
from helpdesk.launcher.state import State, erase, thrown_away
from helpdesk.launcher.valkey import Valkey, answers


@pytest.fixture
def state():
    """A state folder that is gone afterwards."""
    with thrown_away() as folder:
        yield folder


@pytest.fixture
def postgres(state):
    """A running cluster of our own, relaxed as tests have it."""
    yield from running_cluster(state)


@pytest.fixture
def lasting(state):
    """A running cluster as `make run` has it."""
    yield from running_cluster(State(state.root))


def running_cluster(state):
    """Starts a cluster; stops it when the test is over."""
    server = Postgres(state)
    server.prepare()
    server.start()
    server.wait()
    yield server
    stop(server)


def stop(server):
    """Ends a server and waits for it."""
    server.process.send_signal(server.stop_signal)
    server.process.wait(20)


def query(server, text):
    """The first value of the first row."""
    with psycopg.connect(server.url) as connection:
        return connection.execute(text).fetchone()[0]


def test_the_application_rules_its_database_and_nothing_else(postgres):
    assert query(postgres, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert query(postgres, "SHOW listen_addresses") == ""
    assert query(postgres, "SHOW data_checksums") == "on"
    assert query(postgres, "SHOW server_encoding") == "UTF8"


def test_a_lasting_cluster_survives_kill_9_and_a_foreign_pid_in_its_pid_file(lasting):
    with psycopg.connect(lasting.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(lasting.process.pid, signal.SIGKILL)
    lasting.process.wait(20)
    # The number of the dead server now belongs to somebody who is no server.
    pid_file = lasting.data / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(lasting.process.pid), str(os.getpid())))
    lasting.start()
    lasting.wait()
    assert query(lasting, "SELECT answer FROM kept") == 42


def test_a_lasting_cluster_is_durable(lasting):
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert query(lasting, f"SHOW {setting}") == "on"


def test_a_cluster_keeps_to_the_version_that_made_it(state):
    server = Postgres(state)
    server.prepare()
    assert Postgres(state).binary == server.binary
    state.write("postgres/made-by.json", {"path": "/gone/postgres", "major": 9})
    with pytest.raises(Problem, match=r"made by PostgreSQL 9 .* Install PostgreSQL 9 again"):
        Postgres(state)


def test_a_failed_initdb_leaves_nothing(state, monkeypatch):
    server = Postgres(state)
    monkeypatch.setattr(server, "_initdb", lambda _folder: (_ for _ in ()).throw(Problem("no")))
    with pytest.raises(Problem):
        server.prepare()
    assert not server.data.exists()


def test_no_binary_is_told_with_what_to_do(state, monkeypatch):
    monkeypatch.setattr(binaries, "_postgres_paths", lambda: iter([]))
    monkeypatch.setattr(binaries, "_redis_paths", lambda: iter([]))
    with pytest.raises(Problem, match=r"apt install postgresql.*DATABASE_URL"):
        Postgres(state)
    with pytest.raises(Problem, match=r"apt install redis-server.*REDIS_URL"):
        Valkey(state)


def test_a_long_path_gets_a_short_socket(state):
    deep = State(state.root / ("long" * 30))
    folder = socket_folder(deep)
    try:
        assert len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER
        assert folder.stat().st_mode & 0o777 == 0o700
        assert socket_folder(deep) == folder
        folder.chmod(0o755)
        with pytest.raises(Problem, match="belongs to somebody else"):
            socket_folder(deep)
    finally:
        shutil.rmtree(folder)


def test_valkey_is_private_and_never_evicts(state):
    server = Valkey(state)
    server.prepare()
    server.start()
    server.wait()
    try:
        config = (state.root / "valkey" / "valkey.conf").read_text()
        assert "maxmemory-policy noeviction" in config
        assert (state.root / "valkey" / "valkey.conf").stat().st_mode & 0o077 == 0
        assert answers(server.url)
        assert not answers(f"redis://:guess@127.0.0.1:{server.port}/0")
    finally:
        stop(server)


def test_leftovers_of_a_killed_run_are_stopped(state, postgres):
    remember(state, {"postgres": postgres.process.pid})
    assert end_leftovers(state) == ["postgres"]
    assert postgres.process.wait(20) == 0
    assert not working_in(postgres.data)


def test_a_recycled_pid_is_left_alone(state):
    state.write("processes.json", [{"name": "web", "pid": os.getpid(), "at": "1"}])
    assert end_leftovers(state) == []
    assert started_at(os.getpid()) != "1"


def test_a_second_copy_is_refused(state):
    with state.locked(), pytest.raises(Problem, match=rf"runs already \(process {os.getpid()}\)"):
        erase(state)
    erase(state)
    assert not state.root.exists()


def test_a_cut_short_file_counts_as_missing(state):
    (state.root / "processes.json").write_text('[{"name": "we')
    assert state.read("processes.json") is None
    assert end_leftovers(state) == []


def test_secrets_are_made_once_and_private(state):
    first = state.secret("SECRET_KEY", size=48)
    assert state.secret("SECRET_KEY", size=48) == first
    assert (state.root / "secrets" / "SECRET_KEY").stat().st_mode & 0o077 == 0


def test_a_full_disk_is_told_before_anything_starts(state, monkeypatch):
    usage = SimpleNamespace(free=5 << 20)
    monkeypatch.setattr(problems.shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(Problem, match=r"5 MB left.*free some space"):
        problems.check_space(state.root)


@pytest.mark.parametrize("error", [OSError(28, "No space left"), PermissionError(13, "Denied")])
def test_errors_of_the_disk_become_sentences(state, error):
    with pytest.raises(Problem), problems.told_in_a_sentence(state.root):
        raise error


def test_a_taken_port_is_passed_over_unless_it_was_asked_for(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        assert ports.choose("PORT", default=taken, taken=set()) > taken
        monkeypatch.setenv("PORT", str(taken))
        with pytest.raises(Problem, match=f"port {taken} is taken.*PORT=8080"):
            ports.choose("PORT", default=8000, taken=set())
    monkeypatch.setenv("PORT", "http")
    with pytest.raises(Problem, match="PORT is 'http'"):
        ports.choose("PORT", default=8000, taken=set())


def test_configured_servers_that_do_not_answer_are_named():
    with pytest.raises(Problem, match="DATABASE_URL"):
        check_database("postgres://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Problem, match=r"REDIS_URL leads to 127\.0\.0\.1:1"):
        check_redis("redis://127.0.0.1:1")
