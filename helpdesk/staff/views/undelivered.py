"""Mail that did not leave: why, and sending it again or being done with it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from helpdesk.http import StaffRequest, staff_page
from helpdesk.staff.back import done
from helpdesk.staff.paging import window
from helpdesk.staff.views.held import tabs
from integrations import held
from integrations.models import Delivery
from tickets.errors import Refused


@require_safe
@staff_page
def undelivered(request: StaffRequest) -> HttpResponse:
    """What was not delivered and nobody has dealt with."""
    rows = Delivery.objects.workable_by(request.scope).undelivered()
    page = window(request, rows.select_related("ticket", "channel"), at="created_at")
    context = {"page": page, "tabs": tabs(request, current="outgoing")}
    return render(request, "staff/held/undelivered.html", context)


@require_POST
@staff_page
def retry(request: StaffRequest, pk: int) -> HttpResponse:
    """Send it once more."""
    return _attempt(request, pk, held.retry, words=_("It is on its way again."))


@require_POST
@staff_page
def dismiss(request: StaffRequest, pk: int) -> HttpResponse:
    """Take it off the list."""
    words = _("Off the list. Its ticket still says that it was not delivered.")
    return _attempt(request, pk, held.dismiss, words=words)


def _attempt(
    request: StaffRequest, pk: int, act: Callable[..., Delivery], *, words: str
) -> HttpResponse:
    """Do it; unknown and forbidden look alike (C01), a refusal stands on the list in words."""
    delivery = Delivery.objects.workable_by(request.scope).filter(pk=pk).first()
    if delivery is None:
        raise Http404
    try:
        act(delivery, by=request.scope)
        done(request, words)
    except Refused as refused:
        messages.warning(request, str(refused))
    return redirect("staff:undelivered")
