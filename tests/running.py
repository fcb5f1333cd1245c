"""The whole product as `make run` starts it, for tests that need every process."""

import os
import signal
import subprocess
import sys

import pytest

from helpdesk.launcher import ports
from helpdesk.launcher.state import ROOT, thrown_away

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
