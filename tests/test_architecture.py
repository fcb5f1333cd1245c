"""The house law that a machine can check."""

import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from helpdesk.launcher.state import ROOT

BOXES = ("helpdesk", "sla", "integrations", "tickets")


def tracked(*patterns):
    """The files of the tree, as git sees them; without git, every file outside hidden folders."""
    try:
        listing = subprocess.run(
            ["git", "-C", ROOT, "ls-files", "--", *patterns],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        found = (path for pattern in patterns for path in ROOT.rglob(pattern.lstrip(":/")))
        listing = [str(path.relative_to(ROOT)) for path in found]
    return [Path(name) for name in listing if (ROOT / name).is_file()]


def test_imports_point_down():
    assert (
        lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True) == 0
    )


def test_no_signals_and_no_overridden_save():
    for path in tracked("*.py"):
        if path.parts[0] not in BOXES:
            continue
        text = (ROOT / path).read_text(encoding="utf-8")
        assert "@receiver" not in text, path
        if "models" in str(path):
            assert "def save(self" not in text, path


def test_no_inline_script_or_style_in_templates():
    for path in tracked("templates/*.html"):
        if path.parts[1] == "integrations":
            # Bodies of mails: there, inline style is the only one that is shown.
            continue
        text = (ROOT / path).read_text(encoding="utf-8")
        assert "<script>" not in text, path
        assert "<style" not in text, path
        assert " style=" not in text, path
        assert " onclick=" not in text, path


@pytest.mark.parametrize("lock", ["run", "dev", "uv"])
def test_locks_pin_everything_by_hash_and_name_no_registry(lock):
    text = (ROOT / ".requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    blocks = [line for line in text.splitlines() if line[:1].isalnum()]
    assert blocks
    assert all("==" in line and line.endswith("\\") for line in blocks)


def test_what_runs_is_locked_to_what_is_tested():
    run, dev = (
        {line for line in (ROOT / ".requirements" / name).read_text().splitlines() if "==" in line}
        for name in ("run.txt", "dev.txt")
    )
    assert run <= dev


def test_this_python_is_one_that_the_product_supports():
    assert sys.version_info >= (3, 11)
