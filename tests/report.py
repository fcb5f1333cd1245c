"""What stands at the end of a run: the promises that were proven and what could not run."""

from collections import defaultdict
from collections.abc import Iterable

import pytest

PROMISE = "promise"


def note_promises(items: Iterable[pytest.Item]) -> None:
    """Copy each test's promises into its report, which also travels between processes."""
    for item in items:
        for mark in item.iter_markers(PROMISE):
            item.user_properties += [(PROMISE, name) for name in mark.args]


def write(reporter: pytest.TerminalReporter) -> None:
    """Print both lists; silent when there is nothing to tell."""
    if proven := _promises(reporter):
        reporter.section("promises", sep="-")
        for name in sorted(proven, key=_natural):
            passed, failed = proven[name].count(True), proven[name].count(False)
            reporter.line(f"{name}: {passed} proven" + (f", {failed} BROKEN" if failed else ""))
    if missing := _skipped(reporter):
        reporter.section("COULD NOT RUN", sep="!", red=True, bold=True)
        for reason, number in sorted(missing.items()):
            reporter.line(f"{number} x {reason}", red=True)


def _promises(reporter: pytest.TerminalReporter) -> dict[str, list[bool]]:
    found: dict[str, list[bool]] = defaultdict(list)
    for outcome in ("passed", "failed", "error"):
        for report in reporter.stats.get(outcome, []):
            for key, name in getattr(report, "user_properties", []):
                if key == PROMISE and (outcome != "passed" or report.when == "call"):
                    found[name].append(outcome == "passed")
    return found


def _skipped(reporter: pytest.TerminalReporter) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        found[reason.removeprefix("Skipped: ")] += 1
    return found


def _natural(name: str) -> tuple[str, int]:
    letters, _, number = name.partition(".")
    return letters, int(number) if number.isdigit() else 0
