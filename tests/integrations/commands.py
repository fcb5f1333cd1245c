"""`manage.py` as people and mail servers start it: a process of its own, on the tests' database."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection


def environment(**more):
    """Leads to what the test committed; the test needs `django_db(transaction=True)`."""
    url = urlsplit(os.environ["DATABASE_URL"])
    database = url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    return {
        **os.environ,
        "DATABASE_URL": database,
        "STORAGE_DIR": str(settings.STORAGE_DIR),
        # A random digest of dictionaries must not decide what is printed.
        "PYTHONHASHSEED": "0",
        **more,
    }


def command(*arguments):
    """The words of its command line."""
    return [sys.executable, "manage.py", *arguments]


def manage(*arguments, stdin=b"", **env):
    """Run it to its end."""
    return subprocess.run(
        command(*arguments),
        env=environment(**env),
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
