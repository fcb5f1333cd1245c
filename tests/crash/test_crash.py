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
@pytest.mark.timeout(150)
def test_kill_9_of_listener_and_worker_loses_and_doubles_nothing():
    assert "40 messages of 40 on tickets" in run("--messages=40", "--kills=2")


@pytest.mark.full
@pytest.mark.timeout(600)
def test_nor_do_many_kills_among_two_hundred_mails():
    assert "200 messages of 200 on tickets" in run("--messages=200", "--kills=8")
