"""Parses the environment; a missing or unsafe value fails with one line that names it."""
import os
from urllib.parse import urlsplit, unquote


def env_bool(name, default=None):
    v = os.environ.get(name)
    return default if v is None else v.lower() in {"1", "true", "yes", "on"}


def env_list(name, default=None):
    v = os.environ.get(name)
    return default if v is None else [p.strip() for p in v.split(",") if p.strip()]


def env_secret(name, default=None):
    return os.environ.get(name, default)


def env_url(name, default=None):
    u = urlsplit(os.environ.get(name, default))
    return {"ENGINE": "django.db.backends.postgresql", "NAME": u.path.lstrip("/"), "USER": unquote(u.username or ""), "PASSWORD": unquote(u.password or ""), "HOST": u.hostname or "", "PORT": u.port or ""}
