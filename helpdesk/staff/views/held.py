"""Mail that became no ticket: what it is, and what staff make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from helpdesk.http import StaffRequest, staff_page
from helpdesk.staff.back import done, number_in
from helpdesk.staff.paging import window
from helpdesk.staff.views.attachments import serve
from helpdesk.staff.why import advice
from integrations import blocking, glance, held, originals
from integrations.email import addresses
from integrations.models import Channel, InboundState, RawInbound
from integrations.reasons import words_of
from tickets import rendering
from tickets.crypto import CannotUnseal
from tickets.errors import Refused
from tickets.models import Ticket
from tickets.permissions import can_work
from tickets.states import Aside

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django_stubs_ext import StrOrPromise

    from integrations.base import Inbound, Person


class Shelf(StrEnum):
    """The lists of mail that became no ticket."""

    WAITING = "waiting"
    UNNEEDED = "unneeded"
    ASIDE = "aside"


TITLES: dict[Shelf, StrOrPromise] = {
    Shelf.WAITING: gettext_lazy("Held"),
    Shelf.UNNEEDED: gettext_lazy("Needed no ticket"),
    Shelf.ASIDE: gettext_lazy("Discarded"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the list."""

    raw: RawInbound
    why: str


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an original says, cleaned: nothing of it runs and nothing is fetched."""

    inbound: Inbound

    @property
    def body(self) -> SafeString:
        """The text, in the sender's own layout where there is one."""
        content = self.inbound.content
        if content.html:
            return rendering.clean_html(content.html)
        return rendering.plain_html(content.body)

    @property
    def quoted(self) -> SafeString | str:
        """Earlier conversation, shown folded."""
        content = self.inbound.content
        if content.html or not content.quoted:
            return ""
        return rendering.plain_html(content.quoted)

    @property
    def people(self) -> list[tuple[str, str]]:
        """Who it is from and to, by the name of the header."""
        author = [self.inbound.author] if self.inbound.author else []
        rows = [(_("From"), author), (_("To"), self.inbound.to), (_("Cc"), self.inbound.cc)]
        return [(name, ", ".join(map(_named, found))) for name, found in rows if found]

    @property
    def files(self) -> list[dict[str, Any]]:
        """Name, type and size of each file; none is ever shown in place."""
        return [
            {"name": file.name, "type": file.content_type, "size": len(file.data)}
            for file in self.inbound.content.files
        ]


def _named(person: Person) -> str:
    return f"{person.name} <{person.external_id}>" if person.name else person.external_id


@require_safe
@staff_page
def shelf(request: StaffRequest, name: str = Shelf.WAITING) -> HttpResponse:
    """A list of originals, by reason and channel where asked."""
    shown = _shelf_or_404(name)
    everything = _on(shown, RawInbound.objects.visible_to(request.scope))
    rows = _filtered(request, everything)
    page = window(
        request,
        rows.select_related("channel").defer("sealed_data"),
        at="aside_at" if shown is Shelf.ASIDE else "received_at",
    )
    reasons = everything.order_by("reason").values_list("reason", flat=True).distinct()[:50]
    context = {
        "shelf": shown,
        "title": TITLES[shown],
        "tabs": tabs(request, current=shown),
        "rows": [Row(raw=raw, why=words_of(raw.reason)) for raw in page.rows],
        "page": page,
        "reasons": [(reason, words_of(reason)) for reason in reasons],
        "channels": Channel.objects.filter(queue__in=request.scope.work),
        "chosen": _chosen(request),
        "is_filtered": any(_chosen(request).values()),
    }
    return render(request, "staff/held/list.html", context)


def _shelf_or_404(name: str) -> Shelf:
    if name not in list(Shelf):
        raise Http404
    return Shelf(name)


def _on(shown: Shelf, rows: Any) -> Any:
    if shown is Shelf.WAITING:
        return rows.waiting()
    return rows.suppressed() if shown is Shelf.UNNEEDED else rows.put_aside()


def _chosen(request: StaffRequest) -> dict[str, Any]:
    return {
        "reason": request.GET.get("reason", "")[:64],
        "channel": number_in(request.GET.get("channel", "")),
    }


def _filtered(request: StaffRequest, rows: QuerySet[RawInbound]) -> QuerySet[RawInbound]:
    chosen = _chosen(request)
    if chosen["reason"]:
        rows = rows.filter(reason=chosen["reason"])
    return rows.filter(channel=chosen["channel"]) if chosen["channel"] else rows


def tabs(request: StaffRequest, *, current: str) -> list[dict[str, Any]]:
    """The lists as the `tabs` component takes them; what waits is counted in the navigation."""
    places: list[tuple[str, StrOrPromise, str]] = [
        (shown, TITLES[shown], reverse("staff:held-shelf", args=[shown])) for shown in Shelf
    ]
    places.insert(1, ("outgoing", _("Not delivered"), reverse("staff:undelivered")))
    if blocking.may_block(request.scope):
        places.append(("blocked", _("Blocked senders"), reverse("staff:blocked")))
    return [
        {"label": label, "url": url, "current": name == current, "count": None}
        for name, label, url in places
    ]


@require_safe
@staff_page
def original(request: StaffRequest, pk: int) -> HttpResponse:
    """One original: why it is here, what it says, and what can be done."""
    raw = original_or_404(request, pk)
    understood = held.readable(raw) if raw.sealed_key else None
    context = {
        "raw": raw,
        "why": words_of(raw.reason),
        "advice": advice(raw.reason),
        "preview": Preview(inbound=understood) if understood else None,
        "headers": _headers(raw),
        "ticket": _ticket_seen(request, raw),
        "can_decide": raw.state in held.OPEN and bool(raw.sealed_key),
        "is_settled": raw.state in {InboundState.DONE, InboundState.DUPLICATE},
        "can_block": blocking.can_be_blocked(sender_of(raw, understood)),
        "back": reverse("staff:held-shelf", args=[_shelf_of(raw)]),
        "tabs": tabs(request, current=""),
    }
    return render(request, "staff/held/original.html", context)


def original_or_404(request: StaffRequest, pk: int) -> RawInbound:
    """The original, if the reader may see it; unknown and forbidden look alike (C01)."""
    rows = RawInbound.objects.visible_to(request.scope)
    raw = rows.select_related("channel__queue", "ticket__queue").filter(pk=pk).first()
    if raw is None:
        raise Http404
    return raw


def sender_of(raw: RawInbound, understood: Inbound | None) -> str:
    """The one address it can be from; "" where none can be made out for sure."""
    author = understood.author if understood else addresses.author_of([raw.sender])
    return author.external_id if author else ""


def _shelf_of(raw: RawInbound) -> Shelf:
    if raw.aside:
        return Shelf.ASIDE
    return Shelf.UNNEEDED if raw.state == InboundState.SUPPRESSED else Shelf.WAITING


def _headers(raw: RawInbound) -> str:
    if not raw.sealed_key:
        return ""
    try:
        return glance.head_of(originals.read(raw)).decode("utf-8", "replace").replace("\x00", "�")
    except (OSError, CannotUnseal, originals.Damaged):
        return ""


def _ticket_seen(request: StaffRequest, raw: RawInbound) -> Ticket | None:
    """The ticket it is on or refers to, as far as the reader works on it."""
    if raw.ticket is None or not can_work(request.scope, raw.ticket):
        return None
    return raw.ticket


@require_POST
@staff_page
def download(request: StaffRequest, pk: int) -> HttpResponse:
    """The original as received, always a download; that somebody took it is recorded."""
    raw = original_or_404(request, pk)
    try:
        data = held.download(raw, by=request.scope)
    except Refused as refused:
        messages.warning(request, str(refused))
        return redirect("staff:original", pk)
    response = serve(data, name=f"mail-{pk}.eml")
    # Whatever the bytes are: a mail is never shown in place.
    response["Content-Disposition"] = f'attachment; filename="mail-{pk}.eml"'
    return response


def _attempt(
    request: StaffRequest, pk: int, act: Callable[[RawInbound], HttpResponse]
) -> HttpResponse:
    """Do it; why it was refused stands on the page of the original, in words."""
    raw = original_or_404(request, pk)
    try:
        return act(raw)
    except Refused as refused:
        messages.warning(request, str(refused))
        return redirect("staff:original", pk)


@require_POST
@staff_page
def release(request: StaffRequest, pk: int) -> HttpResponse:
    """A new ticket."""

    def act(raw: RawInbound) -> HttpResponse:
        ticket = held.release(raw, by=request.scope)
        done(request, _("It is a ticket now."))
        return redirect("staff:ticket", ticket.pk)

    return _attempt(request, pk, act)


@require_POST
@staff_page
def attach(request: StaffRequest, pk: int) -> HttpResponse:
    """The next message of a ticket the reader works on; unknown and forbidden look alike."""

    def act(raw: RawInbound) -> HttpResponse:
        number = number_in(request.POST.get("ticket", "").strip().removeprefix("#"))
        ticket = Ticket.objects.visible_to(request.scope).filter(pk=number or 0).first()
        if ticket is None:
            messages.warning(request, _("There is no such ticket for you. Write its number."))
            return redirect("staff:original", pk)
        try:
            found = held.release(raw, by=request.scope, ticket=ticket)
        except PermissionDenied as denied:
            messages.warning(request, str(denied))
            return redirect("staff:original", pk)
        done(request, _("It is on this ticket now."))
        return redirect("staff:ticket", found.pk)

    return _attempt(request, pk, act)


@require_POST
@staff_page
def again(request: StaffRequest, pk: int) -> HttpResponse:
    """Have it read once more."""

    def act(raw: RawInbound) -> HttpResponse:
        held.parse_again(raw, by=request.scope)
        done(request, _("It will be read again in a moment."))
        return redirect("staff:original", pk)

    return _attempt(request, pk, act)


@require_POST
@staff_page
def set_aside(request: StaffRequest, pk: int) -> HttpResponse:
    """Into the trash, or to the spam."""
    wanted = request.POST.get("as", "")
    if wanted not in Aside.values:
        return HttpResponseBadRequest(_("There is no such place."))

    def act(raw: RawInbound) -> HttpResponse:
        held.set_aside(raw, Aside(wanted), by=request.scope)
        words = _("Marked as spam.") if wanted == Aside.SPAM else _("Moved to the trash.")
        done(request, words, undo=reverse("staff:original-restore", args=[pk]))
        return redirect("staff:held")

    return _attempt(request, pk, act)


@require_POST
@staff_page
def restore(request: StaffRequest, pk: int) -> HttpResponse:
    """Back to where it waited."""

    def act(raw: RawInbound) -> HttpResponse:
        held.restore(raw, by=request.scope)
        done(request, _("It is back."))
        return redirect("staff:original", pk)

    return _attempt(request, pk, act)
