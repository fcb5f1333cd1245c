"""How much work a function does, counted and never timed: a busy machine changes nothing."""

import sys
from collections.abc import Callable


def lines_run(function: Callable, *arguments) -> int:
    """How many lines of Python ran in a call. The same call gives the same number."""
    count = 0

    def trace(_frame, happened, _argument):
        nonlocal count
        count += happened == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*arguments)
    finally:
        sys.settrace(before)
    return count
