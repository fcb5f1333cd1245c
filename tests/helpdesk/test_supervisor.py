"""One supervisor: what falls is started again, and everything ends together."""

import signal
import subprocess
import sys

import pytest

from helpdesk.launcher import supervisor as module
from helpdesk.launcher.output import Output
from helpdesk.launcher.processes import started_at, wait_until
from helpdesk.launcher.programs import Program
from helpdesk.launcher.state import ROOT, thrown_away
from helpdesk.launcher.supervisor import Supervisor

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up'); time.sleep(99)"


@pytest.fixture
def boss(monkeypatch):
    """A supervisor with short rests; gives it and the pids it told."""
    monkeypatch.setattr(module, "SHORTEST_REST_S", 0.05)
    monkeypatch.setattr(module, "GRACE_S", 0.5)
    with thrown_away() as state:
        told = {}
        one = Supervisor(Output(state), on_change=told.update)
        one.told = told
        yield one
        one.stop([life.child for life in one.lives])


def python(name, code):
    """A program that runs a line of Python."""
    return Program(name, (sys.executable, "-uc", code), env={})


def log_of(boss, name):
    """What the program has said so far."""
    path = boss.output.state.log(name)
    return path.read_text(errors="replace") if path.exists() else ""


def test_a_fallen_program_is_started_again(boss, capsys):
    boss.add([python("web", "print('up'); raise SystemExit(3)")])
    boss.watch(until=lambda: log_of(boss, "web").count("up") == 3, every=0.05)
    assert "web ended (exit code 3): starting it again" in capsys.readouterr().out


def test_rests_grow_and_are_forgotten_after_health(monkeypatch):
    life = module.Life(python("web", "pass"))
    assert [life.rest_before_restart() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    life.born -= module.HEALTHY_AFTER_S + 1
    assert life.rest_before_restart() == 1


def test_all_end_together_and_the_stubborn_is_killed(boss, capsys):
    programs = [python("good", "import time; print('up'); time.sleep(99)"), python("bad", STUBBORN)]
    boss.add(programs)
    boss.watch(
        until=lambda: "up" in log_of(boss, "good") and "up" in log_of(boss, "bad"), every=0.05
    )
    boss.stop(programs)
    assert [life.process.returncode for life in boss.lives] == [-signal.SIGTERM, -signal.SIGKILL]
    assert "bad does not stop: killed" in capsys.readouterr().out


def test_each_line_says_whose_it_is(boss, capsys):
    boss.add([python("web", "import sys; sys.stdout.buffer.write(b'caf\\xe9\\nlast')")])
    boss.watch(until=lambda: "last" in log_of(boss, "web"), every=0.05)
    out = capsys.readouterr().out
    assert "web      | caf\N{REPLACEMENT CHARACTER}\n" in out
    assert "web      | last\n" in out


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ties children")
def test_children_die_with_a_killed_supervisor():
    code = (
        "import sys, subprocess; from helpdesk.launcher.processes import spawn;"
        " print(spawn([sys.executable, '-c', 'import time; time.sleep(99)'],"
        " output=subprocess.DEVNULL).pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as parent:
        child = int(parent.stdout.readline())
        assert started_at(child)
        parent.kill()
    assert wait_until(lambda: started_at(child) is None, seconds=10)
