"""One request, and what hangs on it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tickets.models.access import Team
from tickets.models.people import Contact, Organisation, User
from tickets.models.queue import Product, Queue
from tickets.querysets import TicketQuerySet
from tickets.states import (
    LIVE_STATUSES,
    STATUSES,
    Aside,
    Kind,
    Marker,
    Priority,
    Status,
    Tone,
    Turn,
    marker_of,
)

# What the lists of live tickets walk along.
_ON_DESK_AND_LIVE = Q(status__in=[s.value for s in LIVE_STATUSES], aside="")


class StatusReason(models.Model):
    """Why tickets end without a fix: a short list that admins edit, counted in figures."""

    status = models.CharField(
        _("status"),
        max_length=24,
        choices=[(s.value, s.label) for s in Status if STATUSES[s].needs_reason],
    )
    text = models.CharField(_("reason"), max_length=100)
    is_active = models.BooleanField(_("offered"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["status", "position", "text"]
        constraints = [
            models.UniqueConstraint(fields=["status", "text"], name="status_reason_once"),
        ]

    def __str__(self) -> str:
        return self.text


class Label(models.Model):
    """A word staff sort tickets by."""

    name = models.CharField(_("name"), max_length=50, unique=True)
    tone = models.CharField(_("colour"), max_length=8, choices=Tone.choices, default=Tone.NEUTRAL)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    """One request, from whichever channel. Changed by `tickets.actions` alone."""

    number = models.BigAutoField(_("number"), primary_key=True)
    subject = models.CharField(_("subject"), max_length=500)
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="tickets")
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="tickets", null=True, blank=True
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="tickets",
        null=True,
        blank=True,
    )
    requester = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="requests")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, blank=True)
    status = models.CharField(
        _("status"), max_length=24, choices=Status.choices, default=Status.OPEN
    )
    turn = models.CharField(_("turn"), max_length=16, choices=Turn.choices, default=Turn.US)
    reason = models.ForeignKey(
        StatusReason,
        on_delete=models.PROTECT,
        related_name="tickets",
        null=True,
        blank=True,
    )
    # What the customer asked for, what staff found, and the one in force: the assessed
    # priority, or the queue's default until somebody assessed it (B5).
    requested_priority = models.CharField(max_length=2, choices=Priority.choices, blank=True)
    assessed_priority = models.CharField(max_length=2, choices=Priority.choices, blank=True)
    priority_reason = models.TextField(blank=True)
    priority = models.CharField(_("priority"), max_length=2, choices=Priority.choices)
    assignee = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="assigned_tickets",
        null=True,
        blank=True,
    )
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, related_name="tickets", null=True, blank=True
    )
    labels = models.ManyToManyField(Label, related_name="tickets", blank=True)
    is_private = models.BooleanField(
        _("private to its author"),
        default=False,
        help_text=_("Hidden from the organisation."),
    )
    origin_kind = models.CharField(_("came by"), max_length=16, default="staff")
    origin_channel = models.CharField(_("channel"), max_length=50, blank=True)
    # Grows with every change of a field, never with a message: two people who change the
    # same ticket are told of each other, two who talk are not.
    version = models.PositiveIntegerField(default=1)
    # Off the desk: in no list and no figure, seen by staff alone, and it can come back until its
    # contents are deleted for good.
    aside = models.CharField(_("put aside"), max_length=8, choices=Aside.choices, blank=True)
    aside_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    last_customer_at = models.DateTimeField(_("last customer activity"))

    objects: ClassVar[TicketQuerySet] = TicketQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            # The inbox: newest customer activity first, per queue, live tickets.
            models.Index(
                fields=["queue", "-last_customer_at", "-number"],
                condition=_ON_DESK_AND_LIVE,
                name="ticket_live_activity",
            ),
            # The inbox sorted by age.
            models.Index(
                fields=["queue", "-created_at", "-number"],
                condition=_ON_DESK_AND_LIVE,
                name="ticket_live_created",
            ),
            # The inbox sorted by priority.
            models.Index(
                fields=["queue", "priority", "-created_at", "-number"],
                condition=_ON_DESK_AND_LIVE,
                name="ticket_live_priority",
            ),
            # The view "mine".
            models.Index(
                fields=["assignee", "-last_customer_at", "-number"],
                condition=_ON_DESK_AND_LIVE,
                name="ticket_live_mine",
            ),
            # Every ticket of a queue, ended ones too (board, archive).
            models.Index(
                fields=["queue", "-last_customer_at", "-number"],
                condition=Q(aside=""),
                name="ticket_queue_activity",
            ),
            # The trash and the spam, latest first; what of it is to be deleted.
            models.Index(
                fields=["-aside_at", "-number"],
                condition=~Q(aside="") & Q(purged_at=None),
                name="ticket_aside",
            ),
            # A customer's own tickets, newest first.
            models.Index(fields=["requester", "-created_at"], name="ticket_of_requester"),
            # An organisation's tickets, newest first.
            models.Index(fields=["organisation", "-created_at"], name="ticket_of_organisation"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.subject}"

    @property
    def is_live(self) -> bool:
        """Whether somebody still has to do something."""
        return STATUSES[Status(self.status)].live and not self.aside

    @property
    def marker(self) -> Marker:
        """What the customer is told about the status (S3.11)."""
        return marker_of(self.status)


class Participant(models.Model):
    """Who else is on a ticket; sees what came after joining, unless staff share more (M02).

    Confirmed, proposed by a mail that named them (neither time is set), or refused: then the
    next mail that names them proposes them no more.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="participants")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="participations")
    added_at = models.DateTimeField(_("since"))
    confirmed_at = models.DateTimeField(
        _("confirmed"),
        null=True,
        blank=True,
        help_text=_("Until then nothing is sent to them."),
    )
    refused_at = models.DateTimeField(_("refused"), null=True, blank=True)
    sees_all = models.BooleanField(
        _("sees everything"),
        default=False,
        help_text=_("Also what was said in public before they joined."),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "contact"], name="participant_once"),
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | Q(refused_at=None),
                name="participant_in_or_refused",
            ),
        ]

    def __str__(self) -> str:
        return str(self.contact)


class LinkKind(models.TextChoices):
    """How one ticket relates to another."""

    DUPLICATE_OF = "duplicate_of", _("Duplicate of")
    CAUSED_BY = "caused_by", _("Caused by")
    FOLLOW_UP = "follow_up", _("Follow-up of")
    SPLIT_FROM = "split_from", _("Split from")
    POSSIBLY_RELATED = "possibly_related", _("Possibly related to")


class TicketLink(models.Model):
    """Ticket to ticket; read from `source`: "source is a duplicate of target"."""

    source = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="links_out")
    target = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="links_in")
    kind = models.CharField(_("kind"), max_length=24, choices=LinkKind.choices)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "kind"], name="link_once"),
            models.CheckConstraint(condition=~Q(source=models.F("target")), name="link_not_self"),
        ]

    def __str__(self) -> str:
        return f"#{self.source_id} {self.get_kind_display()} #{self.target_id}"


class Watcher(models.Model):
    """A member of staff who wants to hear about a ticket that is not theirs."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="watchers")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="watching")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="watcher_once")]

    def __str__(self) -> str:
        return f"{self.user} · #{self.ticket_id}"
