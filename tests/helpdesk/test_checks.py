"""What the system checks say about servers and the interpreter."""

import sys

from structlog.testing import capture_logs

from helpdesk import checks


def test_an_old_interpreter_is_a_line_in_the_log(monkeypatch):
    monkeypatch.setattr(checks, "HEADERS_CHECKED_SINCE", {sys.version_info[:2]: 999})
    monkeypatch.setattr(checks, "log", checks.structlog.get_logger())
    with capture_logs() as lines:
        checks.note_old_interpreter()
    assert [line["event"] for line in lines] == ["python_is_old"]
    assert lines[0]["advice"].endswith(".999 or newer")
