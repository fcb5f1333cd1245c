"""Which words a mail is written with: those of admins where there are some, else the built-in.

A template that cannot be used never holds a mail up: the next one is taken, the built-in words
in the end, and what was wrong stands on the template for admins to see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets import clock, placeholders
from tickets.models import MessageTemplate, TemplateKind

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    from tickets.models import Contact, Queue, Ticket, User

log = structlog.get_logger(__name__)

_OF_TICKET: dict[str, StrPromise] = {
    "ticket.number": gettext_lazy("the number of the ticket"),
    "ticket.subject": gettext_lazy("what the ticket is called"),
    "queue.name": gettext_lazy("what the queue is called"),
    "customer.name": gettext_lazy("the name of who is written to"),
    "customer.first_name": gettext_lazy("the first word of it"),
    "desk.address": gettext_lazy("the address the mail comes from"),
}
_OF_COLLEAGUE: dict[str, StrPromise] = {
    "agent.name": gettext_lazy("the colleague's name; the queue's in automatic mails"),
    "agent.first_name": gettext_lazy("the first word of it"),
}
TEXT, SIGNATURE = "reply.text", "agent.signature"
_FRAME = _OF_TICKET | _OF_COLLEAGUE | {TEXT: gettext_lazy("what the colleague wrote; needed once")}
# What each kind of template may name, and what it becomes.
PLACEHOLDERS: Mapping[str, Mapping[str, StrPromise]] = {
    TemplateKind.ACKNOWLEDGEMENT: _OF_TICKET,
    TemplateKind.REPLY: _FRAME,
    TemplateKind.CLOSING: _FRAME,
    TemplateKind.SIGNATURE: _OF_TICKET
    | _OF_COLLEAGUE
    | {SIGNATURE: gettext_lazy("the signature from the colleague's profile")},
}
# What a colleague may name in their own signature.
OF_PROFILE = {"agent.name", "agent.first_name", "queue.name"}
FRAMES = {TemplateKind.REPLY, TemplateKind.CLOSING}
# Markdown of a colleague, so no part of a subject.
MARKED = {TEXT, SIGNATURE}
# Written by a colleague, in their name.
OF_PERSONS = {*FRAMES, TemplateKind.SIGNATURE}
_LONGEST = 20_000


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What placeholders are filled with.

    `is_verified`: whether the sender's own words may be repeated to the address (M08).
    """

    ticket: Ticket
    queue: Queue
    address: str
    customer: Contact | None = None
    customer_address: str = ""
    colleague: User | None = None
    is_verified: bool = True


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The words of one mail, all placeholders filled; `subject` is empty where none was written.

    `opening` and `closing` stand before and after a colleague's text, `body` is the text of an
    automatic mail. `templates` name what they come from: [{"template": id, "version": number}].
    """

    subject: str = ""
    opening: str = ""
    body: str = ""
    closing: str = ""
    signature: str = ""
    language: str
    templates: Sequence[Mapping[str, int]] = ()


@dataclass(frozen=True, kw_only=True)
class _Words:
    """One template or one built-in text, filled."""

    subject: str = ""
    before: str = ""
    after: str = ""
    language: str = ""
    source: tuple[tuple[str, int], ...] = ()


def of_reply(facts: Facts, *, language: str, ends: bool = False) -> Wording:
    """The words round a colleague's text; `ends`: the reply also ends the ticket."""
    frames = (TemplateKind.CLOSING, TemplateKind.REPLY) if ends else (TemplateKind.REPLY,)
    found = _found([*frames, TemplateKind.SIGNATURE], queue=facts.queue, language=language)
    frame = _first(found, frames, facts=facts, language=language)
    signature = _first(found, (TemplateKind.SIGNATURE,), facts=facts, language=language)
    return Wording(
        subject=frame.subject,
        opening=frame.before,
        closing=frame.after,
        signature=signature.before,
        language=frame.language,
        templates=[dict(words.source) for words in (frame, signature) if words.source],
    )


def of_acknowledgement(facts: Facts, *, language: str) -> Wording:
    """The words that tell a sender that the ticket arrived."""
    kinds = (TemplateKind.ACKNOWLEDGEMENT, TemplateKind.SIGNATURE)
    found = _found(kinds, queue=facts.queue, language=language)
    body, signature = (_first(found, (kind,), facts=facts, language=language) for kind in kinds)
    return Wording(
        subject=body.subject,
        body=body.before,
        signature=signature.before,
        language=body.language,
        templates=[dict(words.source) for words in (body, signature) if words.source],
    )


def filled(template: MessageTemplate, facts: Facts) -> Wording:
    """One template alone, for its preview. Raises ValueError when it cannot be used."""
    words = _filled(template, facts)
    kind, language = template.kind, template.language
    if kind == TemplateKind.ACKNOWLEDGEMENT:
        rest = _found([TemplateKind.SIGNATURE], queue=facts.queue, language=language)
        signature = _first(rest, (TemplateKind.SIGNATURE,), facts=facts, language=language)
        return Wording(
            subject=words.subject,
            body=words.before,
            signature=signature.before,
            language=language,
        )
    around = of_reply(facts, language=language)
    if kind == TemplateKind.SIGNATURE:
        return Wording(
            opening=around.opening,
            closing=around.closing,
            signature=words.before,
            language=language,
        )
    return Wording(
        subject=words.subject,
        opening=words.before,
        closing=words.after,
        signature=around.signature,
        language=language,
    )


def built_in(kind: str, *, language: str) -> tuple[str, str]:
    """Subject and text that hold where admins wrote none."""
    with translation.override(_spoken(language)):
        return _BUILT_IN[kind]()


def _acknowledgement() -> tuple[str, str]:
    number = "{{ticket.number}}"
    return "", "\n\n".join(
        [
            _("We have received your request. It has the number **#%(number)s**.")
            % {"number": number},
            _(
                "What happens next: somebody from our team reads it and answers you by mail, in "
                "this conversation. There is nothing you need to do until then."
            ),
            _("If you did not write to us, you can ignore this mail: nothing more will be sent."),
        ]
    )


def _frame() -> tuple[str, str]:
    return "", f"{{{{{TEXT}}}}}"


def _signature() -> tuple[str, str]:
    footer = _("Ticket #%(number)s. To add to it, answer this mail.")
    return "", f"{{{{{SIGNATURE}}}}}\n\n{footer % {'number': '{{ticket.number}}'}}"


_BUILT_IN: Mapping[str, Callable[[], tuple[str, str]]] = {
    TemplateKind.ACKNOWLEDGEMENT: _acknowledgement,
    TemplateKind.REPLY: _frame,
    TemplateKind.CLOSING: _frame,
    TemplateKind.SIGNATURE: _signature,
}


def _found(
    kinds: Iterable[str], *, queue: Queue, language: str
) -> dict[str, list[MessageTemplate]]:
    """The templates that could be used, by kind, best first. One query."""
    default = settings.LANGUAGE_CODE
    languages = list(dict.fromkeys([language, language.partition("-")[0], default]))
    rows = MessageTemplate.objects.select_related("queue").filter(
        Q(queue=queue.pk) | Q(queue=None),
        kind__in=kinds,
        language__in=languages,
        is_active=True,
    )
    found: dict[str, list[MessageTemplate]] = {}
    for row in sorted(rows, key=lambda row: (row.queue_id is None, languages.index(row.language))):
        found.setdefault(row.kind, []).append(row)
    return found


def _first(
    found: Mapping[str, list[MessageTemplate]],
    kinds: Sequence[str],
    *,
    facts: Facts,
    language: str,
) -> _Words:
    """The best template that can be used, else the built-in words of the last kind."""
    for template in (template for kind in kinds for template in found.get(kind, ())):
        try:
            return _filled(template, facts)
        # Whatever is wrong with it, the mail leaves.
        except Exception as error:
            log.exception("template_broken", template=template.pk)
            MessageTemplate.objects.filter(pk=template.pk).update(
                problem=f"{type(error).__name__}: {error}"[:500], problem_at=clock.now()
            )
    subject, body = built_in(kinds[-1], language=language)
    spoken = _spoken(language)
    return _split(kinds[-1], subject, body, facts=facts, language=spoken)


def _filled(template: MessageTemplate, facts: Facts) -> _Words:
    source = (("template", template.pk or 0), ("version", template.version))
    return _split(
        template.kind,
        template.subject,
        template.body,
        facts=facts,
        language=template.language,
        source=source,
    )


def _split(
    kind: str,
    subject: str,
    body: str,
    *,
    facts: Facts,
    language: str,
    source: tuple[tuple[str, int], ...] = (),
) -> _Words:
    before, after = placeholders.cut_at(body, TEXT) if kind in FRAMES else (body, "")
    with translation.override(_spoken(language)):
        plain = values_of(facts)
    marked = {name: placeholders.as_words(value) for name, value in plain.items()}
    if kind == TemplateKind.SIGNATURE:
        marked[SIGNATURE] = _own_signature(facts, marked)
    texts = [placeholders.expand(text, marked).strip() for text in (before, after)]
    if sum(map(len, texts)) > _LONGEST:
        raise ValueError(f"with everything filled in it is longer than {_LONGEST} characters")
    return _Words(
        subject=placeholders.expand(subject, plain),
        before=texts[0],
        after=texts[1],
        language=language,
        source=source,
    )


def _own_signature(facts: Facts, marked: Mapping[str, str]) -> str:
    if facts.colleague is None:
        return ""
    known = {name: value for name, value in marked.items() if name in OF_PROFILE}
    return placeholders.expand(facts.colleague.signature, known).strip()


def unusable() -> list[MessageTemplate]:
    """Templates that a mail could not be written with, so that built-in words went instead."""
    return list(MessageTemplate.objects.select_related("queue").exclude(problem=""))


def values_of(facts: Facts) -> dict[str, str]:
    """What each placeholder stands for, as plain words."""
    ticket, colleague, queue = facts.ticket, facts.colleague, facts.queue
    name = _name_of(facts)
    return {
        "ticket.number": str(ticket.pk),
        "ticket.subject": ticket.subject if facts.is_verified else _("your request"),
        "queue.name": queue.name,
        "customer.name": name,
        "customer.first_name": name.split(" ")[0],
        "desk.address": facts.address,
        "agent.name": str(colleague) if colleague else queue.name,
        "agent.first_name": colleague.first_name if colleague else queue.name,
    }


def _name_of(facts: Facts) -> str:
    """Of somebody not verified only what stands before the @: the name may be anybody's words."""
    local = facts.customer_address.partition("@")[0]
    if facts.customer is None or not facts.is_verified:
        return local
    name = facts.customer.name
    return local if "@" in name or not name else name


def _spoken(language: str) -> str:
    """The language our own words come in when this one is asked for."""
    spoken = {code for code, _name in settings.LANGUAGES}
    near = (language, language.partition("-")[0])
    return next((code for code in near if code in spoken), settings.LANGUAGE_CODE)
