"""What the reader should know about, and why."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from helpdesk.http import StaffRequest, staff_page
from helpdesk.staff.back import number_in
from tickets import clock
from tickets.models import Notification, Ticket

SHOWN = 100


@require_safe
@staff_page
def notifications(request: StaffRequest) -> HttpResponse:
    """The newest notifications about tickets the reader still sees."""
    visible = Ticket.objects.visible_to(request.scope).on_desk().values("pk")
    mine = Notification.objects.filter(user=request.user, ticket__in=visible)
    rows = mine.select_related("ticket__requester", "event__user", "event__contact")
    newest = list(rows.order_by("-created_at", "-pk")[:SHOWN])
    context = {"notices": newest, "unread": any(not notice.read_at for notice in newest)}
    return render(request, "staff/notifications.html", context)


@require_POST
@staff_page
def mark_read(request: StaffRequest) -> HttpResponse:
    """Mark one as read, or all."""
    unread = Notification.objects.filter(user=request.user, read_at=None)
    if one := request.POST.get("notice"):
        unread = unread.filter(pk=number_in(one) or 0)
    unread.update(read_at=clock.now())
    return redirect("staff:notifications")
