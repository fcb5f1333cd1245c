"""`make bench` prints what it measured; that it does, and never in a database in use."""

import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from helpdesk.bench import machine


@pytest.mark.django_db
def test_a_database_in_use_is_left_alone():
    with pytest.raises(CommandError, match="make bench"):
        call_command("bench")


def test_processor_time_counts_a_process_and_its_children():
    busy = "x = 0\nwhile x < 3_000_000: x += 1"
    child = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {busy!r}])\n"
    with subprocess.Popen(
        [sys.executable, "-c", child + "print('ready', flush=True)\ninput()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        assert machine.cpu_s(process.pid) > 0
        assert machine.parent_of(process.pid) == os.getpid()
        process.communicate(b"\n")


@pytest.mark.full
@pytest.mark.timeout(300)
def test_it_runs_to_its_end(tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "helpdesk.launcher", "exec", "--throwaway", "--durable"),
            *("--", sys.executable, "manage.py", "bench", "--quick"),
        ],
        env={name: os.environ[name] for name in os.environ if not name.endswith("_URL")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "replies threaded  20 of 20" in done.stdout
    assert "doubled           0" in done.stdout
