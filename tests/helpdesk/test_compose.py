"""docker-compose.yml follows the specification and starts what `make run` starts."""

import os
import subprocess
import sys

import pytest
from ruamel.yaml import YAML

from helpdesk.launcher.programs import all_programs
from helpdesk.launcher.state import ROOT
from tests.helpdesk.test_settings import PRODUCTION

FILE = ROOT / "docker-compose.yml"
PROGRAMS = {program.name: program for program in all_programs({}, live_port=8001)}
# Where a process listens differs between a container and this machine.
PLACES = ("--host=", "--port=", "--log-level=")


def services():
    """The services as the compose file has them."""
    return YAML(typ="safe").load(FILE)["services"]


def test_follows_the_compose_specification():
    done = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", FILE),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_starts_by_the_same_entry_point(name):
    container = {part for part in services()[name]["command"] if not part.startswith(PLACES)}
    here = {str(part) for part in PROGRAMS[name].command if not str(part).startswith(PLACES)}
    # The launcher names interpreters and files in full: `python -m celery` is `celery`.
    assert container - {"python", "manage.py"} <= here
    assert services()[name]["environment"]["ROLE"] == PROGRAMS[name].env["ROLE"]


def test_a_missing_secret_stops_compose():
    for name in ("SECRET_KEY", "MASTER_KEYS", "BASE_URL", "DATABASE_URL", "REDIS_URL"):
        assert ":?" in services()["web"]["environment"][name]


def test_what_may_stay_unset_has_the_products_default():
    given = {name for name, value in services()["web"]["environment"].items() if ":-}" in value}
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "check"],
        env={"PATH": os.environ["PATH"], **PRODUCTION, **dict.fromkeys(given, "")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert given >= {"ALLOWED_HOSTS", "MAIL_DOMAIN", "TRUSTED_AUTHSERV_IDS", "TRUSTED_PROXIES"}
    assert done.returncode == 0, done.stderr
