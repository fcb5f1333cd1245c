"""The environment of the tests: development settings and throw-away PostgreSQL and Redis."""

import os
import tempfile
from contextlib import ExitStack

from helpdesk.launcher import throwaway

SETTINGS = {
    "DEBUG": "true",
    "DJANGO_SETTINGS_MODULE": "helpdesk.settings",
    "BASE_URL": "http://testserver",
    "MAIL_DOMAIN": "desk.example",
    "ROLE": "command",
    # Tests ask no name server; those that verify put one of their own in its place.
    "VERIFY_DKIM": "false",
}
resources = ExitStack()


def provide() -> None:
    """Complete the environment; servers are started only when none is configured.

    Workers of xdist inherit the environment of the process that started them.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    os.environ.update(SETTINGS)
    os.environ["STORAGE_DIR"] = resources.enter_context(
        tempfile.TemporaryDirectory(prefix="helpdesk-files-")
    )
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        os.environ.update(resources.enter_context(throwaway.environment()))
