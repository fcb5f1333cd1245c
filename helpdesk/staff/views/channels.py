"""Whether the connections to the world work."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from helpdesk.http import StaffRequest, staff_page
from integrations import health


@require_safe
@staff_page
def channels(request: StaffRequest) -> HttpResponse:
    """Each channel the reader works with: its state, its servers' words, what to try."""
    context = {
        "rows": health.channels_for(request.scope),
        "may_configure": request.user.has_perm("integrations.change_channel"),
    }
    return render(request, "staff/channels/list.html", context)
