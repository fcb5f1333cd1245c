"""Processes are killed in the middle of work, and nothing is lost or doubled (B2)."""

import subprocess
import sys

import pytest


def run(*arguments):
    """A run in a process of its own, on servers of its own; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.run", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.promise("S1.1")
@pytest.mark.promise("B8")
@pytest.mark.timeout(180)
def test_kill_9_at_any_moment_and_at_each_stage_loses_and_doubles_nothing():
    said = run("--messages=30", "--kills=2", "--dooms", "--lease=2")
    # The mail that kills whoever reads it is given up, and holds up nobody.
    assert "given up after attempts: [5]" in said
    assert "39 messages of 40 on tickets" in said


@pytest.mark.full
@pytest.mark.timeout(900)
def test_nor_does_a_kill_at_each_step_of_the_road():
    assert "nobody died" not in run("--messages=10", "--kills=0", "--dooms", "--steps", "--lease=9")


@pytest.mark.full
@pytest.mark.timeout(600)
def test_nor_do_many_kills_among_two_hundred_mails():
    assert "200 messages of 200 on tickets" in run("--messages=200", "--kills=8")
