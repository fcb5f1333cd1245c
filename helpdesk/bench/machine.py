"""What makes figures of one machine comparable with those of another."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path

LOOP_STEPS = 1_000_000
_TIMES = 5
_TICKS = os.sysconf("SC_CLK_TCK")


def loop_ms() -> float:
    """A fixed loop of integer steps, the best of five: what is divided by it travels between
    machines.
    """
    return min(_one_loop() for _time in range(_TIMES))


def _one_loop() -> float:
    start, number = time.perf_counter(), 0
    for step in range(LOOP_STEPS):
        number += step
    return (time.perf_counter() - start) * 1000


def cpu_s(root: int) -> float:
    """Processor seconds that a process and what it started used so far, ended ones included.

    Unlike the clock on the wall this does not count who else is on the machine.
    """
    parents, used = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        # One that ended meanwhile is counted by its parent.
        with contextlib.suppress(OSError):
            pid, fields = int(path.parent.name), _stat(path)
            parents[pid], used[pid] = int(fields[1]), sum(map(int, fields[11:15]))
    return sum(used[pid] for pid in used if _descends(pid, root, parents)) / _TICKS


def _descends(pid: int, root: int, parents: Mapping[int, int]) -> bool:
    while pid != root and pid in parents:
        pid = parents[pid]
    return pid == root


def parent_of(pid: int) -> int:
    """The process that started this one."""
    return int(_stat(Path(f"/proc/{pid}/stat"))[1])


def _stat(path: Path) -> list[str]:
    """The fields of proc(5) from the third on: state, parent, group, session …"""
    return path.read_text(errors="replace").rpartition(")")[2].split()
