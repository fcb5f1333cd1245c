"""`make run` whole: serves, ends cleanly, starts again after kill -9, refuses a second copy."""

import re
import signal
import smtplib
import urllib.request

import pytest

from helpdesk.launcher.processes import started_at, wait_until

pytestmark = pytest.mark.timeout(180)


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
