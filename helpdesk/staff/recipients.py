"""The part of the reply's form that says who gets it: shown as chips, read back with care.

It works as checkboxes and two text fields; `recipients.js` makes it quicker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from helpdesk.staff import people
from helpdesk.staff.back import number_in
from tickets import recipients
from tickets.errors import Incomplete

if TYPE_CHECKING:
    from django.http import QueryDict

    from integrations.base import Person
    from tickets.models import Contact, Identity, Ticket

_LISTS = ("to", "cc", "also_to", "also_cc")
# As much as a form is read of; nobody writes to more people by hand.
_MOST = 200
# What the script says in the field `named`: the button names them as they are chosen.
LIVE = "live"


def form_of(post: QueryDict) -> dict[str, Any]:
    """What a form says about its recipients, as it stands there; empty when it has no such part."""
    if "named" not in post:
        return {}
    lists = {name: [text[:4000] for text in post.getlist(name)[:_MOST]] for name in _LISTS}
    return {**lists, "join": post.get("join") == "yes"}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Whom a reply goes to, in the words of `tickets.actions.reply.Reply`."""

    to: list[Contact]
    cc: list[Contact]
    at: dict[int, str] = field(default_factory=dict)
    joining: frozenset[int] = frozenset()


def chosen(ticket: Ticket, form: Mapping[str, Any]) -> Chosen:
    """The people a form names; typed ones are made known.

    Raises Incomplete, in words, for somebody taken off meanwhile and for what cannot be meant.
    """
    if not form:
        return Chosen(to=recipients.default_to(ticket), cc=[])
    present = {c.pk: c for c in (*recipients.default_to(ticket), *recipients.default_cc(ticket))}
    typed = {
        name: people.read(", ".join(form[name]), field=name) for name in ("also_to", "also_cc")
    }
    at: dict[int, str] = {}
    to = [*_ticked(form["to"], present), *_typed(typed["also_to"], at)]
    cc = [*_ticked(form["cc"], present), *_typed(typed["also_cc"], at)]
    new = frozenset(at) - frozenset(present)
    return Chosen(
        to=list(dict.fromkeys(to)),
        cc=[contact for contact in dict.fromkeys(cc) if contact not in to],
        at=at,
        joining=new if form["join"] else frozenset(),
    )


def _ticked(values: Sequence[str], present: Mapping[int, Contact]) -> list[Contact]:
    numbers = [number_in(value) for value in values]
    if any(number not in present for number in numbers):
        raise Incomplete(
            _("Somebody you chose is no longer on the ticket. Look at who gets it, then send."),
            field="to",
        )
    return [present[number] for number in numbers if number]


def _typed(typed: Sequence[Person], at: dict[int, str]) -> list[Contact]:
    found = []
    for person in typed:
        contact = people.contact_of(person)
        before = at.setdefault(contact.pk, person.external_id)
        if before != person.external_id:
            words = _("%(one)s and %(other)s both belong to %(name)s. Keep one of them.")
            names = {"one": before, "other": person.external_id, "name": contact}
            raise Incomplete(words % names, field="to")
        found.append(contact)
    return found


@dataclass(frozen=True, kw_only=True)
class Chip:
    """One person to choose: the box's name and value, and the words beside it."""

    name: str
    value: str
    words: str
    short: str
    address: str
    is_on: bool
    asked: bool = False
    # Why mail to them comes back, if it does, in the words of their server.
    comes_back: str = ""


@dataclass(kw_only=True)
class Shown:
    """Both rows as the page shows them, and what they come to in words."""

    to: list[Chip] = field(default_factory=list)
    cc: list[Chip] = field(default_factory=list)
    also_to: str = ""
    also_cc: str = ""
    join: bool = False
    is_open: bool = False

    @property
    def on_to(self) -> list[Chip]:
        """Those in To."""
        return [chip for chip in self.to if chip.is_on]

    @property
    def on_cc(self) -> list[Chip]:
        """Those in Cc."""
        return [chip for chip in self.cc if chip.is_on]

    @property
    def on(self) -> list[Chip]:
        """Everybody who gets it."""
        return [*self.on_to, *self.on_cc]

    @property
    def names(self) -> str:
        """Whom the button names: "Ana +2"."""
        everybody = self.on
        if not everybody:
            return _("nobody")
        more = len(everybody) - 1
        return f"{everybody[0].short} +{more}" if more else everybody[0].short

    @property
    def to_words(self) -> str:
        """The first row in words, with the address where it is one person."""
        if len(self.on_to) == 1 and self.on_to[0].address not in {"", self.on_to[0].words}:
            return f"{self.on_to[0].words} <{self.on_to[0].address}>"
        return ", ".join(chip.words for chip in self.on_to) or _("nobody")

    @property
    def cc_words(self) -> str:
        """The second row in words."""
        return ", ".join(chip.words for chip in self.on_cc)

    @property
    def leaves_out_who_asked(self) -> bool:
        """Whether the requester would not get it."""
        return not any(chip.asked for chip in self.on)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing about them needs a second look."""
        return not (self.leaves_out_who_asked or any(chip.comes_back for chip in self.on))

    @property
    def coming_back(self) -> list[Chip]:
        """Those mail to whom comes back, once each, as they stand in the row where they are on."""
        rows = zip(self.to, self.cc, strict=False)
        pairs = ((cc if cc.is_on else to) for to, cc in rows)
        return [chip for chip in pairs if chip.comes_back]

    @property
    def named(self) -> str:
        """Whom the button names, as the form carries it: it tells what a reader has seen."""
        return _line(
            *(
                [c.address if c.name in {"also_to", "also_cc"} else c.value for c in row]
                for row in (self.on_to, self.on_cc)
            )
        )


def _line(to: Sequence[str], cc: Sequence[str]) -> str:
    return f"{' '.join(sorted(to))} / {' '.join(sorted(set(cc) - set(to)))}"


def demand_named(form: Mapping[str, Any], *, named: str) -> None:
    """Send nothing to anybody whom the button did not name.

    Without script the button still says who was chosen before. Raises Incomplete then; the
    page that comes back names those who are chosen now.
    """
    if not form or named == LIVE:
        return
    rows = (
        [
            *form[name],
            *(person.external_id for person in people.read(", ".join(form[also]), field=also)),
        ]
        for name, also in (("to", "also_to"), ("cc", "also_cc"))
    )
    if _line(*rows) != named:
        raise Incomplete(
            _("You changed who gets it. The button names them now: send it if that is right."),
            field="to",
        )


def shown(
    ticket: Ticket,
    others: Sequence[Contact],
    addresses: Mapping[int, Sequence[Identity]],
    form: Mapping[str, Any],
) -> Shown:
    """The rows for the requester and the confirmed `others`, as the form stands or by default."""
    everybody = [ticket.requester, *others]
    ticked_to = set(form["to"]) if form else {str(ticket.requester_id)}
    ticked_cc = set(form["cc"]) - ticked_to if form else {str(contact.pk) for contact in others}
    rows = Shown(join=bool(form.get("join")))
    for contact in everybody:
        known = next(iter(addresses.get(contact.pk, ())), None)
        chip = Chip(
            name="to",
            value=str(contact.pk),
            words=str(contact),
            short=contact.short_name,
            address=known.external_id if known else "",
            is_on=str(contact.pk) in ticked_to,
            asked=contact.pk == ticket.requester_id,
            comes_back=known.undeliverable_because if known and known.undeliverable_since else "",
        )
        rows.to.append(chip)
        rows.cc.append(replace(chip, name="cc", is_on=chip.value in ticked_cc))
    rows.also_to = _add_typed(rows.to, "also_to", form)
    rows.also_cc = _add_typed(rows.cc, "also_cc", form)
    by_default = {"to": [rows.to[0].value], "cc": [chip.value for chip in rows.cc[1:]]}
    differs = {
        "to": [c.value for c in rows.on_to],
        "cc": [c.value for c in rows.on_cc],
    } != by_default
    rows.is_open = bool(form) and (differs or bool(rows.also_to or rows.also_cc))
    return rows


def outside(form: Mapping[str, Any]) -> Shown:
    """The one row of a forward: whoever was typed."""
    rows = Shown(is_open=True)
    rows.also_to = _add_typed(rows.to, "also_to", form)
    return rows


def among(contacts: Sequence[Contact], form: Mapping[str, Any]) -> Shown:
    """The one row of a side conversation: all of its people, unless the form says otherwise."""
    ticked = form.get("to")
    rows = Shown(is_open=ticked is not None)
    for contact in contacts:
        value = str(contact.pk)
        chip = Chip(
            name="to",
            value=value,
            words=str(contact),
            short=contact.short_name,
            address="",
            is_on=ticked is None or value in ticked,
        )
        rows.to.append(chip)
    return rows


def _add_typed(row: list[Chip], name: str, form: Mapping[str, Any]) -> str:
    """A chip for each typed address; what cannot be read stays in the text field."""
    left = []
    for text in form.get(name, ()):
        try:
            typed = people.read(text, field=name)
        except Incomplete:
            left.append(text)
            continue
        for person in typed:
            words = person.name or person.external_id
            short = words.split(" ")[0].partition("@")[0]
            value = people.mailbox(person.name, person.external_id)
            row.append(
                Chip(
                    name=name,
                    value=value,
                    words=words,
                    short=short,
                    address=person.external_id,
                    is_on=True,
                )
            )
    return ", ".join(left)
