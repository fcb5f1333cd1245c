"""The closed vocabularies of the domain: what a ticket can be, and what may follow what.

Each choice carries the meaning it is shown with (`ux.md` 6.2: every badge is icon, word and
colour), so that no template keeps a mapping of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """Where the work stands (S2.2)."""

    OPEN = "open", _("Open")
    PENDING = "pending", _("Pending")
    IN_PROGRESS = "in_progress", _("In progress")
    AWAITING_CONFIRMATION = "awaiting_confirmation", _("Awaiting confirmation")
    CLOSED = "closed", _("Closed")
    ABANDONED = "abandoned", _("Abandoned")
    INVALID = "invalid", _("Invalid")


class Turn(models.TextChoices):
    """Whose move it is; every public message flips it, clocks read it."""

    US = "us", _("Our turn")
    CUSTOMER = "customer", _("Customer's turn")
    THIRD_PARTY = "third_party", _("Third party's turn")
    NOBODY = "nobody", _("Nobody's turn")


class Marker(models.TextChoices):
    """What the customer is shown instead of the status (S3.11)."""

    RECEIVED = "received", _("Received and being triaged")
    WORKED_ON = "worked_on", _("Being worked on")
    FIX_PROVIDED = "fix_provided", _("Fix provided")
    RESOLVED = "resolved", _("Resolved")
    NO_FIX = "no_fix", _("Closed without a fix")


class Priority(models.TextChoices):
    """How soon, P0 first; what each means is text that admins edit."""

    P0 = "P0", "P0"
    P1 = "P1", "P1"
    P2 = "P2", "P2"


class Kind(models.TextChoices):
    """What a ticket is about, decided in triage (S1.3)."""

    QUESTION = "question", _("Usage question")
    BUG = "bug", _("Bug")
    FEATURE = "feature", _("Feature request")


class Tier(models.TextChoices):
    """What sort of support a queue gives (S4.1)."""

    FREE = "free", _("Free")
    COMMUNITY = "community", _("Community")
    PAID = "paid", _("Paid")
    SECURITY = "security", _("Security")


class Level(models.TextChoices):
    """What a team may do in a queue; each level includes the ones before it."""

    OWN = "own", _("Own: tickets assigned to me")
    READ = "read", _("Read: every ticket")
    WORK = "work", _("Work: read, answer and change")
    LEAD = "lead", _("Lead: work, and decide who is in")


class Audience(models.TextChoices):
    """Who may read an event: the customer's side too, staff, or the security team."""

    PUBLIC = "public", _("Everyone on the ticket")
    STAFF = "staff", _("Staff")
    SECURITY = "security", _("Security team")


class Authority(models.TextChoices):
    """How sure we are that a message comes from the person it names (security.md A2)."""

    VERIFIED = "verified", _("Sender verified")
    PLAUSIBLE = "plausible", _("Sender not verified")


class IdentityKind(models.TextChoices):
    """The kinds of address by which a person is known."""

    EMAIL = "email", _("Email")
    DISCORD = "discord", _("Discord")
    MATRIX = "matrix", _("Matrix")
    GITHUB = "github", _("GitHub")


class Aside(models.TextChoices):
    """Where a ticket or a mail lies that nobody wants on the desk; both lead back."""

    TRASH = "trash", _("Trash")
    SPAM = "spam", _("Spam")


class Tone(models.TextChoices):
    """The meanings a colour can have (`ux.md` 6.2); labels choose one too."""

    NEUTRAL = "neutral", _("Neutral")
    INFO = "info", _("Information")
    OK = "ok", _("Good")
    WARN = "warn", _("Attention")
    BAD = "bad", _("Bad")
    PAUSED = "paused", _("Paused")


@dataclass(frozen=True, kw_only=True)
class StatusFacts:
    """All that follows from a status.

    `live`: the ticket still needs somebody. `turn`: whose turn it becomes when the status is
    set by hand (None: left as it is). `needs_reason`: an annotation and a reason are demanded.
    """

    tone: Tone
    icon: str
    marker: Marker
    live: bool
    turn: Turn | None
    moves: frozenset[Status]
    needs_reason: bool = False


_ENDS = frozenset({Status.CLOSED, Status.ABANDONED, Status.INVALID})

STATUSES: dict[Status, StatusFacts] = {
    Status.OPEN: StatusFacts(
        tone=Tone.INFO,
        icon="inbox",
        marker=Marker.RECEIVED,
        live=True,
        turn=Turn.US,
        moves=frozenset({Status.PENDING, Status.IN_PROGRESS, Status.AWAITING_CONFIRMATION}) | _ENDS,
    ),
    Status.PENDING: StatusFacts(
        tone=Tone.WARN,
        icon="hand-raised",
        marker=Marker.WORKED_ON,
        live=True,
        turn=Turn.US,
        moves=frozenset({Status.OPEN, Status.IN_PROGRESS, Status.AWAITING_CONFIRMATION}) | _ENDS,
    ),
    Status.IN_PROGRESS: StatusFacts(
        tone=Tone.NEUTRAL,
        icon="wrench",
        marker=Marker.WORKED_ON,
        live=True,
        turn=None,
        moves=frozenset({Status.OPEN, Status.PENDING, Status.AWAITING_CONFIRMATION}) | _ENDS,
    ),
    Status.AWAITING_CONFIRMATION: StatusFacts(
        tone=Tone.PAUSED,
        icon="clock",
        marker=Marker.FIX_PROVIDED,
        live=True,
        turn=Turn.CUSTOMER,
        moves=frozenset({Status.OPEN, Status.PENDING, Status.IN_PROGRESS}) | _ENDS,
    ),
    Status.CLOSED: StatusFacts(
        tone=Tone.OK,
        icon="check-circle",
        marker=Marker.RESOLVED,
        live=False,
        turn=Turn.NOBODY,
        moves=frozenset({Status.OPEN, Status.IN_PROGRESS}),
    ),
    Status.ABANDONED: StatusFacts(
        tone=Tone.PAUSED,
        icon="archive-box",
        marker=Marker.NO_FIX,
        live=False,
        turn=Turn.NOBODY,
        moves=frozenset({Status.OPEN, Status.IN_PROGRESS}),
        needs_reason=True,
    ),
    Status.INVALID: StatusFacts(
        tone=Tone.PAUSED,
        icon="no-symbol",
        marker=Marker.NO_FIX,
        live=False,
        turn=Turn.NOBODY,
        moves=frozenset({Status.OPEN, Status.IN_PROGRESS}),
        needs_reason=True,
    ),
}

LIVE_STATUSES: tuple[Status, ...] = tuple(s for s in Status if STATUSES[s].live)

PRIORITY_TONES: dict[Priority, Tone] = {
    Priority.P0: Tone.BAD,
    Priority.P1: Tone.WARN,
    Priority.P2: Tone.NEUTRAL,
}

TURN_TONES: dict[Turn, Tone] = {
    Turn.US: Tone.INFO,
    Turn.CUSTOMER: Tone.PAUSED,
    Turn.THIRD_PARTY: Tone.PAUSED,
    Turn.NOBODY: Tone.NEUTRAL,
}


def may_follow(before: str, after: str) -> bool:
    """Whether a ticket may go from one status to the other (S2.2)."""
    return Status(after) in STATUSES[Status(before)].moves


def marker_of(status: str) -> Marker:
    """The marker the customer sees for a status (S3.11)."""
    return STATUSES[Status(status)].marker


def label_of(status: str) -> str | Promise:
    """The word for a status in the reader's language."""
    return Status(status).label
