"""The staff navigation with its counts: one query, whatever it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations import health
from integrations.models import Delivery, RawInbound
from tickets.inbox import COUNTED, CappedCount, View, counted, counted_of_queue
from tickets.models import Notification, Queue, User

if TYPE_CHECKING:
    from helpdesk.http import StaffRequest
    from tickets.scope import Scope

Item = dict[str, Any]


def groups(request: StaffRequest) -> list[dict[str, Any]]:
    """What the `nav` component takes: the views, then the queues the reader can see."""
    counts = _counts(request.scope)
    items = [
        _view(View.OPEN, _("Inbox"), "inbox", "g i", counts),
        _view(View.MINE, _("Mine"), "user", "g m", counts),
        _view(View.UNASSIGNED, _("Unassigned"), "user-plus", "g u", counts),
        _view(View.WAITING, _("Waiting"), "pause-circle", "g w", counts),
        _view(View.ENDED, _("Ended"), "archive-box", "g e", counts),
        _item(
            _("Notifications"),
            reverse("staff:notifications"),
            symbol="bell",
            hotkey="g n",
            count=counts["unread"],
        ),
    ]
    # Whoever works nowhere sees this place once there is something for them.
    if (waiting := counts["held"] + counts["undelivered"]) or request.scope.work:
        items.append(
            _item(
                _("Held mail"),
                reverse("staff:held"),
                symbol="shield-exclamation",
                hotkey="g h",
                count=waiting,
            )
        )
    items.append(_item(_("Trash"), reverse("staff:trash"), symbol="trash", hotkey="g t", count=0))
    if counts["failing"] or request.scope.work:
        items.append(_channels(counts["failing"]))
    queues = [
        _item(
            queue["name"],
            reverse("staff:queue", args=[queue["slug"]]),
            symbol="queue-list",
            count=queue["live"],
        )
        for queue in counts["queues"] or []
    ]
    for item in [*items, *queues]:
        item["current"] = request.path.startswith(item["url"])
    return [{"label": "", "items": items}, {"label": _("Queues"), "items": queues}]


def _channels(failing: int) -> Item:
    item = _item(_("Channels"), reverse("staff:channels"), symbol="signal", count=failing)
    # A channel that does not work is everybody's trouble.
    return {**item, "hot": True}


def _view(view: View, label: str, symbol: str, hotkey: str, counts: dict[str, Any]) -> Item:
    url = reverse("staff:inbox", args=[view])
    return _item(label, url, symbol=symbol, hotkey=hotkey, count=counts.get(view, 0))


def _item(label: str, url: str, *, symbol: str, count: int, hotkey: str = "") -> Item:
    shown = capped(count) if count else ""
    return {"label": label, "url": url, "symbol": symbol, "count": shown, "hotkey": hotkey}


def capped(number: int) -> str:
    """A count that stopped counting: "999+"."""
    return str(number) if number < COUNTED else f"{COUNTED - 1}+"


def _counts(scope: Scope) -> dict[str, Any]:
    assert scope.user
    unread = Notification.objects.filter(user=scope.user, read_at=None).values("pk")[:COUNTED]
    held = RawInbound.objects.visible_to(scope).waiting()
    undelivered = Delivery.objects.workable_by(scope).undelivered()
    failing = health.failing_for(scope).values("pk")[:COUNTED]
    # How full a queue is, only those know who may read all of it.
    queues = Queue.objects.filter(pk__in=scope.read).order_by("position", "name")
    found = User.objects.filter(pk=scope.user.pk).values(
        open=counted(scope, View.OPEN),
        mine=counted(scope, View.MINE),
        unassigned=counted(scope, View.UNASSIGNED),
        waiting=counted(scope, View.WAITING),
        unread=CappedCount(unread),
        failing=CappedCount(failing),
        held=CappedCount(held.values("pk")[:COUNTED]),
        undelivered=CappedCount(undelivered.values("pk")[:COUNTED]),
        queues=ArraySubquery(
            queues.values(json=JSONObject(name="name", slug="slug", live=counted_of_queue()))
        ),
    )
    return dict(found.get())
