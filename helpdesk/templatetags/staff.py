"""What every staff page shows around its content."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.template import Context, Library

from helpdesk.staff import nav

register = Library()


@register.simple_tag(takes_context=True)
def nav_groups(context: Context) -> list[dict[str, Any]]:
    """The navigation of the reader; read only where a whole page is rendered."""
    return nav.groups(context["request"])


@register.simple_tag
def live_url() -> str:
    """Where the browser listens for what changes."""
    return str(settings.LIVE_URL)
