"""HTML forms that call actions: each knows which action it stands for."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.staff import people
from integrations import wording
from tickets import placeholders
from tickets.actions import assign, link, participants, triage
from tickets.errors import Incomplete
from tickets.models import Label, LinkKind, Queue, StatusReason, Theme, Ticket, User
from tickets.states import STATUSES, Priority, Status

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django_stubs_ext import StrPromise

    from integrations.base import Person
    from tickets.scope import Scope


class TicketForm(forms.Form):
    """A change of one ticket; `seen` is the version its page was made from."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    label_suffix = ""
    # Whether somebody else was quicker; its page then shows the ticket as it is now.
    conflict = False

    def __init__(self, *args: Any, ticket: Ticket, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ticket, self.scope = ticket, scope
        self.initial.setdefault("version", ticket.version)
        self.prepare()

    def prepare(self) -> None:
        """Fill in choices that depend on ticket and reader."""

    def offer(self, name: str, rows: QuerySet[Any]) -> None:
        """Let a field choose among these rows."""
        cast("forms.ModelChoiceField[Any]", self.fields[name]).queryset = rows

    @property
    def seen(self) -> int | None:
        """The version somebody decided on."""
        version = self.cleaned_data.get("version")
        return int(version) if version is not None else None

    def act(self) -> None:
        """Call the action. Raises tickets.errors.Refused."""
        raise NotImplementedError


class StatusForm(TicketForm):
    """Another status; abandoning and invalidating ask why (S2.2)."""

    to = forms.ChoiceField(label=_("New status"))
    reason = forms.ModelChoiceField(
        StatusReason.objects.none(),
        required=False,
        label=_("Reason"),
        help_text=_("Needed to abandon a ticket or call it invalid; the customer reads it."),
    )
    annotation = forms.CharField(
        required=False,
        label=_("Annotation"),
        help_text=_("Staff only. Needed to abandon a ticket or call it invalid."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def prepare(self) -> None:
        """Offer what may follow, and the reasons of those that need one."""
        moves = STATUSES[Status(self.ticket.status)].moves
        to = cast(forms.ChoiceField, self.fields["to"])
        to.choices = [(status.value, status.label) for status in Status if status in moves]
        reasons = StatusReason.objects.filter(is_active=True)
        wanted = self.data.get("to") or self.initial.get("to")
        if wanted in moves and STATUSES[Status(wanted)].needs_reason:
            reasons = reasons.filter(status=wanted)
            self._demand("reason", _("Choose why the ticket ends without a fix."))
            self._demand("annotation", _("Add an annotation that says why: only staff read it."))
        self.offer("reason", reasons)

    def _demand(self, name: str, words: StrPromise) -> None:
        self.fields[name].required = True
        self.fields[name].error_messages["required"] = words

    def act(self) -> None:
        """Set the status."""
        triage.set_status(
            self.ticket,
            Status(self.cleaned_data["to"]),
            by=self.scope,
            reason=self.cleaned_data["reason"],
            annotation=self.cleaned_data["annotation"],
            seen_version=self.seen,
        )


class PriorityForm(TicketForm):
    """The priority staff find right; a reason where it differs from what was asked for (B5)."""

    to = forms.ChoiceField(label=_("Priority"), choices=Priority.choices)
    reason = forms.CharField(
        required=False,
        label=_("Reason"),
        help_text=_("The customer reads it. Needed when it is not what they asked for."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def act(self) -> None:
        """Assess the priority."""
        triage.assess_priority(
            self.ticket,
            Priority(self.cleaned_data["to"]),
            by=self.scope,
            reason=self.cleaned_data["reason"],
            seen_version=self.seen,
        )


class AssignForm(TicketForm):
    """Who has the ticket."""

    user = forms.ModelChoiceField(User.objects.none(), label=_("Assign to"))

    def prepare(self) -> None:
        """Offer everybody who could work on it."""
        able = User.objects.filter(
            is_active=True,
            is_staff=True,
            teams__accesses__queue=self.ticket.queue_id,
            teams__accesses__level__in=["own", "work", "lead"],
        )
        self.offer("user", able.order_by("name", "email").distinct())

    def act(self) -> None:
        """Assign it."""
        assign.to_agent(
            self.ticket, self.cleaned_data["user"], by=self.scope, seen_version=self.seen
        )


class QueueForm(TicketForm):
    """Which queue the ticket belongs to."""

    queue = forms.ModelChoiceField(
        Queue.objects.none(),
        label=_("Queue"),
        help_text=_("People without access to that queue no longer see the ticket."),
    )

    def prepare(self) -> None:
        """Offer the queues the reader can work in."""
        others = Queue.objects.filter(pk__in=self.scope.work).exclude(pk=self.ticket.queue_id)
        self.offer("queue", others)

    def act(self) -> None:
        """Move it."""
        triage.move_to_queue(
            self.ticket, self.cleaned_data["queue"], by=self.scope, seen_version=self.seen
        )


class LabelsForm(TicketForm):
    """The words the ticket is sorted by."""

    labels = forms.ModelMultipleChoiceField(
        Label.objects.all(),
        required=False,
        label=_("Labels"),
        widget=forms.CheckboxSelectMultiple,
    )

    def prepare(self) -> None:
        """Tick those it has."""
        self.initial.setdefault("labels", self.ticket.labels.all())

    def act(self) -> None:
        """Set exactly these."""
        triage.set_labels(
            self.ticket, self.cleaned_data["labels"], by=self.scope, seen_version=self.seen
        )


class LinkForm(TicketForm):
    """How this ticket relates to another one the reader can see."""

    kind = forms.ChoiceField(label=_("This ticket is"), choices=LinkKind.choices)
    target = forms.IntegerField(label=_("Ticket number"), min_value=1)

    def clean_target(self) -> Ticket:
        """The other ticket; unknown and forbidden look alike."""
        number = self.cleaned_data["target"]
        found = Ticket.objects.visible_to(self.scope).filter(pk=number).first()
        if found is None:
            raise forms.ValidationError(_("There is no such ticket for you."))
        return found

    def act(self) -> None:
        """Link them."""
        link.link(
            self.ticket,
            self.cleaned_data["target"],
            LinkKind(self.cleaned_data["kind"]),
            by=self.scope,
        )


class ParticipantForm(TicketForm):
    """Who else shall be on the ticket, and what of it they see."""

    SHARE: ClassVar = {
        "later": _("What comes from now on"),
        "all": _("Everything said in public so far"),
    }

    who = forms.CharField(
        label=_("Email address"),
        max_length=4000,
        help_text=_("Also several, with a comma between. Known people are suggested."),
    )
    share = forms.ChoiceField(
        label=_("What they see"),
        choices=list(SHARE.items()),
        initial="later",
        widget=forms.RadioSelect,
        help_text=_("From now on replies reach them either way. Annotations never do."),
    )

    def prepare(self) -> None:
        """Have the field of addresses make suggestions."""
        self.fields["who"].widget.attrs |= suggesting(self.ticket)

    def clean_who(self) -> list[Person]:
        """The people, or in words why they cannot be meant."""
        try:
            return people.read(self.cleaned_data["who"], field="who")
        except Incomplete as incomplete:
            raise forms.ValidationError(str(incomplete)) from incomplete

    @transaction.atomic
    def act(self) -> None:
        """Add all of them, or none."""
        for person in self.cleaned_data["who"]:
            participants.add(
                self.ticket,
                people.contact_of(person),
                by=self.scope,
                sees_all=self.cleaned_data["share"] == "all",
            )


def suggesting(ticket: Ticket) -> dict[str, str]:
    """The attributes of a text field that suggests addresses while one types."""
    return {
        "list": "known-people",
        "inputmode": "email",
        "autocapitalize": "off",
        "autocomplete": "off",
        "spellcheck": "false",
        "hx-get": reverse("staff:suggest", args=[ticket.pk]),
        "hx-trigger": "input changed delay:150ms, focus once",
        "hx-target": "#known-people",
        "hx-sync": "this:replace",
    }


class BlockForm(forms.Form):
    """Whose mail is to become no ticket; `end` is when that is over, None for never."""

    sender = forms.CharField(
        label=_("Address or domain"),
        max_length=320,
        help_text=_("ann@example.com, or example.com for everybody there and below."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("For colleagues who wonder later."),
    )
    until = forms.DateField(
        label=_("Until"),
        required=False,
        help_text=_("The last day. Empty: until somebody unblocks them."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    label_suffix = ""

    @property
    def end(self) -> datetime | None:
        """The end of the last day, where the reader is."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg] # Django's form takes no parameter
    """What a reader sets for themselves; never their rights (C06)."""

    density = forms.ChoiceField(
        label=_("Density of lists"),
        choices=[("comfortable", _("Comfortable")), ("compact", _("Compact"))],
        widget=forms.RadioSelect,
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))
    label_suffix = ""

    class Meta:
        model = User
        fields: ClassVar = ["name", "time_zone", "theme", "hotkeys", "signature"]
        widgets: ClassVar = {
            "theme": forms.RadioSelect(choices=Theme.choices),
            "signature": forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zoneinfo.available_timezones())
        field = cast(forms.ChoiceField, self.fields["time_zone"])
        field.choices = [(zone, zone.replace("_", " ")) for zone in zones]

    def clean_signature(self) -> str:
        """Raises ValidationError naming what nothing fills in."""
        signature: str = self.cleaned_data["signature"].replace("\r\n", "\n")
        for name, _close in placeholders.unknown(signature, wording.OF_PROFILE):
            raise forms.ValidationError(
                _("Nothing replaces {{%(name)s}}. Take it out, or use one of those named below.")
                % {"name": name}
            )
        return signature
