"""`python -m helpdesk.launcher run`, `reset`, or `exec [--throwaway [--durable]] -- COMMAND`."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from helpdesk.launcher import throwaway
from helpdesk.launcher.problems import Problem
from helpdesk.launcher.run import main as run
from helpdesk.launcher.state import erase, kept


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="helpdesk.launcher", description=__doc__)
    commands = parser.add_subparsers(dest="action", required=True)
    commands.add_parser("run", help="the whole product, until Ctrl-C")
    commands.add_parser("reset", help="throw away all data of the run")
    execute = commands.add_parser("exec", help="a command beside the services of `make run`")
    execute.add_argument("--throwaway", action="store_true", help="services of its own, then gone")
    execute.add_argument("--durable", action="store_true", help="which wait for the disk as usual")
    execute.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    if arguments.action == "run":
        run()
        return 0
    if arguments.action == "reset":
        erase(kept())
        return 0
    if arguments.throwaway:
        with throwaway.environment(is_durable=arguments.durable) as env:
            return _call(arguments.command, env)
    return _call(arguments.command, _environment_of_the_run())


def _environment_of_the_run() -> dict[str, str]:
    state = kept()
    if not state.in_use:
        raise Problem("nothing runs here: start it with `make run`, then repeat this beside it.")
    env: dict[str, str] = state.read("environment.json") or {}
    return env


def _call(command: Sequence[str], env: dict[str, str]) -> int:
    """Run it in the foreground; Ctrl-C is the command's affair, we clean up after it."""
    process = subprocess.Popen(command, env={**os.environ, **env})
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


if __name__ == "__main__":
    sys.exit(main())
