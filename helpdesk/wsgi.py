"""The pages: `gunicorn helpdesk.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("ROLE", "web")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")

application = get_wsgi_application()
