"""What happened, in words: each kind of event has a sentence of its own, found by name.

`templates/staff/timeline/<kind>.html` with `event` and `data`; without one, `generic.html`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.template import Library
from django.template.loader import select_template
from django.utils.safestring import SafeString

from tickets.models import LinkKind
from tickets.states import Kind, Status, Turn

if TYPE_CHECKING:
    from django.db.models import Choices

    from tickets.models import Event

register = Library()

_ICONS = {
    "ticket.opened": "inbox",
    "ticket.assigned": "hand-raised",
    "ticket.priority_assessed": "flag",
    "ticket.queue_changed": "arrow-right",
    "ticket.labels_changed": "tag",
    "ticket.linked": "link",
    "ticket.unlinked": "link",
    "participant.added": "user-plus",
    "participant.proposed": "user-plus",
    "participant.confirmed": "user-plus",
    "participant.refused": "user-minus",
    "participant.removed": "user-minus",
    "participant.history_shared": "eye",
    "participant.history_unshared": "eye-slash",
    "side.closed": "archive-box",
    "side.reopened": "arrow-path",
    "reply.held": "exclamation-circle",
    "delivery.failed": "exclamation-triangle",
    "delivery.reported": "exclamation-circle",
    "sender.blocked": "no-symbol",
    "ticket.discarded": "trash",
    "ticket.restored": "arrow-uturn-left",
}


@register.simple_tag
def event_words(event: Event) -> SafeString:
    """The sentence of an event, without its actor."""
    names = [f"staff/timeline/{event.kind}.html", "staff/timeline/generic.html"]
    words = select_template(names).render({"event": event, "data": event.data})
    return SafeString(words.strip())


@register.simple_tag
def event_icon(event: Event) -> str:
    """The name of the icon beside it."""
    return _ICONS.get(event.kind, "arrow-path")


@register.filter
def actor_of(event: Event) -> str:
    """Who did it; nobody's name for the product itself."""
    return str(event.user or event.contact or "")


def _word(choices: type[Choices], value: Any) -> str:
    return str(choices(value).label) if value in choices.values else str(value)


@register.filter
def status_word(value: str) -> str:
    """The word for a status."""
    return _word(Status, value)


@register.filter
def turn_word(value: str) -> str:
    """The word for a turn."""
    return _word(Turn, value)


@register.filter
def kind_word(value: str) -> str:
    """The word for a kind of ticket."""
    return _word(Kind, value)


@register.filter
def link_word(value: str) -> str:
    """The word for a kind of link."""
    return _word(LinkKind, value)
