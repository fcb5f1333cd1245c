"""One settings file: production is safe or does not start, and says in one line what is missing."""

import base64
import os
import re
import subprocess
import sys

import pytest

from helpdesk.launcher.state import ROOT

PRODUCTION = {
    "SECRET_KEY": base64.b64encode(bytes(range(48))).decode(),
    "MASTER_KEYS": base64.b64encode(bytes(range(32))).decode(),
    "BASE_URL": "https://desk.example",
    "DATABASE_URL": "postgres://helpdesk@127.0.0.1:1/helpdesk",
    "REDIS_URL": "redis://127.0.0.1:1",
    "EMAIL_URL": "smtp+tls://relay.example:587",
}


def manage(*arguments, **env):
    """Runs manage.py with nothing but `env` (None removes a variable)."""
    kept = {"PATH": os.environ["PATH"], **PRODUCTION, **env}
    return subprocess.run(
        [sys.executable, "-W", "error", ROOT / "manage.py", *arguments],
        env={name: value for name, value in kept.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def test_the_readme_lists_every_variable():
    read = (ROOT / "helpdesk" / "settings.py", ROOT / "helpdesk" / "gunicorn_config.py")
    code = "".join(path.read_text(encoding="utf-8") for path in read)
    names = re.findall(r'(?:env_\w+|environ\.get)\(\s*"([A-Z_]+)"', code)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "SECRET_KEY" in names
    assert [name for name in names if f"`{name}`" not in readme] == []


def test_production_passes_the_deployment_check():
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", "weak"),
        ("MASTER_KEYS", None),
        ("MASTER_KEYS", "weak"),
        ("DATABASE_URL", None),
        ("REDIS_URL", "redis://127.0.0.1/first"),
        ("BASE_URL", "http://desk.example"),
        ("ALLOWED_HOSTS", "*"),
        ("EMAIL_URL", None),
        ("MAIL_DOOR", "2525"),
        ("DEBUG", "maybe"),
    ],
)
def test_an_unsafe_value_ends_with_one_line_that_names_it(name, value):
    done = manage("check", **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(name)
    assert done.stderr.count("\n") == 1


def test_three_redis_databases_follow_the_named_one():
    code = "from django.conf import settings as s; print(s.BROKER_URL, s.CACHE_URL, s.PUBSUB_URL)"
    done = manage("shell", "-v0", "-c", code, REDIS_URL="redis://:pw@cache.example:7000/4")
    assert done.stdout.split() == [f"redis://:pw@cache.example:7000/{n}" for n in (4, 5, 6)]


def test_production_cookies_bind_to_the_host():
    code = "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)"
    done = manage("shell", "-v0", "-c", code)
    assert done.stdout.split() == ["__Host-session", "__Host-csrf"]


@pytest.mark.parametrize("path", ["/admin/login/", "/no-such-page/"])
def test_every_answer_carries_the_content_policy(client, db, path):
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_static_files_can_be_named_by_their_content(tmp_path):
    done = manage("collectstatic", "--no-input", "-v0", STATIC_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "staticfiles.json").exists()
