"""Live events only: `uvicorn helpdesk.asgi:application`; gunicorn serves every page."""

import os

import django

os.environ.setdefault("ROLE", "live")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
django.setup(set_prefix=False)

from helpdesk.live.asgi import application  # noqa: E402

__all__ = ["application"]
