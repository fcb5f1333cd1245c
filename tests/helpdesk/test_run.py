"""`make run` whole: serves, ends cleanly, starts again after kill -9, refuses a second copy."""

import os
import re
import signal
import smtplib
import subprocess
import sys
import urllib.request

import pytest

from helpdesk.launcher import ports
from helpdesk.launcher.processes import started_at, wait_until
from helpdesk.launcher.state import ROOT, thrown_away

pytestmark = pytest.mark.timeout(180)
OURS = ("DATABASE_URL", "REDIS_URL", "BASE_URL", "MAIL_DOMAIN", "STORAGE_DIR", "ROLE", "DEBUG")


class Run:
    """One `launcher run` on ports of its own; what it says is in `said`."""

    def __init__(self, root):
        env = {name: value for name, value in os.environ.items() if name not in OURS}
        env |= {name: str(ports.any_free()) for name in ("PORT", "LIVE_PORT", "MAIL_PORT")}
        env |= {"SINK_PORT": str(ports.any_free()), "STATE_DIR": str(root), "WEB_WORKERS": "1"}
        self.root, self.port, self.env = root, env["PORT"], env
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "helpdesk.launcher", "run"],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_for(self, text):
        """Reads on until it says so."""
        for line in self.process.stdout:
            self.said += line
            if text in line:
                return
        pytest.fail(self.said)

    def end(self, number):
        """Sends a signal; gives the exit code once all output is read."""
        self.process.send_signal(number)
        self.said += self.process.communicate(timeout=60)[0]
        return self.process.returncode


@pytest.fixture
def start():
    """Starts runs that share one state; none survives the test."""
    runs = []
    with thrown_away() as state:

        def launch():
            runs.append(Run(state.root))
            return runs[-1]

        launch.state = state
        yield launch
        for run in runs:
            if run.process.poll() is None:
                run.end(signal.SIGTERM)


def alive(state):
    """The recorded processes that still run."""
    return [e["name"] for e in state.read("processes.json") if started_at(e["pid"]) == e["at"]]


def test_a_run_serves_ends_and_starts_again(start):
    first = start()
    first.wait_for("The helpdesk runs")
    with urllib.request.urlopen(f"http://localhost:{first.port}/account/login/") as page:
        assert page.status == 200
    with smtplib.SMTP("127.0.0.1", int(first.env["SINK_PORT"])) as sink:
        sink.sendmail("a@desk.example", ["b@customer.example"], "Subject: kept\r\n\r\nhere")
    (kept,) = (start.state.root / "sent-mail").glob("*.eml")
    assert "Subject: kept" in kept.read_text()

    second = start()
    assert second.process.wait(30) == 1
    assert re.search(r"it runs already \(process \d+\)", second.process.communicate()[0])

    assert first.end(signal.SIGINT) == 0
    assert first.said.endswith("helpdesk stopped.\n")
    assert "Traceback" not in first.said
    assert alive(start.state) == []

    third = start()
    third.wait_for("The helpdesk runs")
    third.end(signal.SIGKILL)
    assert wait_until(lambda: alive(start.state) == [], seconds=20)
    fourth = start()
    fourth.wait_for("The helpdesk runs")
    assert fourth.end(signal.SIGTERM) == 0
