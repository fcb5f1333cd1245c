"""Playing one conversation through the actions, each step at its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random

from helpdesk.demo import rhythm
from helpdesk.demo.files import file_called
from helpdesk.demo.house import House
from helpdesk.demo.outbox import note_sent
from helpdesk.demo.people import ANSWERS
from helpdesk.demo.scripts import Line, Script, fill
from integrations.models import MessageRoute
from tickets import attachments
from tickets.actions.annotate import annotate
from tickets.actions.assign import take, to_agent
from tickets.actions.open import Request, open_ticket
from tickets.actions.participants import add
from tickets.actions.receive import receive
from tickets.actions.reply import Reply, newest_seen, release, submit
from tickets.actions.triage import assess_priority, set_kind, set_labels, set_status
from tickets.content import Content
from tickets.models import BodyFormat, Contact, Message, Ticket, Via
from tickets.permissions import SYSTEM, Scope, can_work
from tickets.states import Authority, Kind, Priority, Status, Turn, may_follow

Step = tuple[datetime, Callable[[], None]]

# How often people do what: write again after the end, use the web, sign, quote.
COMES_BACK, BY_WEB, SIGNS, QUOTES = 0.07, 0.1, 0.4, 0.3
TAKES_AND_WAITS = 0.6
NO_WINDOW = timedelta(0)
LEAD = "mara"
# Who only has tickets that somebody gives them.
GIVEN = {"priya"}
WHY_OTHER_PRIORITY = "Work goes on meanwhile, so the next business day is soon enough."
ONCE_MORE = (
    "Sorry, me again: since this morning it is back, exactly as before.",
    "One more question, if I may: does this survive the next update?",
    "I have to open this again, a colleague now sees the same.",
)


@dataclass
class Talk:
    """One ticket of a script; `ticket` exists once the first step was played."""

    script: Script
    number: int
    house: House
    opened_at: datetime
    chance: Random
    requester: Contact
    agent: str = ""
    lines: list[Line] = field(default_factory=list)
    other: Contact | None = None
    ticket: Ticket | None = None
    is_cut_short: bool = False
    said: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.agent = self.chance.choice(ANSWERS[self.script.queue])
        self.lines = [*self.script.say]
        company = next((c for c in self.house.companies.values() if self.requester in c), [])
        self.other = next((contact for contact in company if contact != self.requester), None)

    def steps(self) -> Iterator[Step]:
        """Everything that happens, with its time; what lies ahead of now is left to happen."""
        first, *rest = self.lines
        moment = self.opened_at
        yield moment, partial(self._open, first)
        hurry = bool(rest and rest[0].after is not None)
        triaged = moment + timedelta(minutes=2) if hurry else self._staffs_next(moment)
        yield triaged, self._triage
        moment = triaged
        yield from self._ending(first, moment)
        taken = False
        for line in rest:
            moment = self._when(line, moment)
            if line.who in {"staff", "annotation"} and not taken:
                taken = True
                earlier = timedelta(minutes=1) if hurry else (moment - triaged) * 0.7
                yield moment - earlier, self._take
            yield moment, partial(self._say, line)
            yield from self._ending(line, moment)
        if self.is_cut_short and not taken and self.chance.random() < TAKES_AND_WAITS:
            yield self._staffs_next(moment), self._take
        if self._comes_back():
            moment += timedelta(hours=self.chance.uniform(20, 150))
            text = self.chance.choice(ONCE_MORE)
            yield moment, partial(self._say, Line(who="customer", text=text))

    def stop_early(self) -> None:
        """Leave the conversation hanging somewhere before its end, as many do."""
        self.is_cut_short = len(self.lines) > 1
        if self.is_cut_short:
            del self.lines[self.chance.randrange(1, len(self.lines)) :]

    def _comes_back(self) -> bool:
        closes = self.lines[-1].then == Status.CLOSED and self.script.language == "en"
        return closes and self.chance.random() < COMES_BACK

    def _when(self, line: Line, moment: datetime) -> datetime:
        if line.after is not None:
            later = moment + timedelta(hours=max(line.after, 0.05))
            urgent = self.script.priority == Priority.P0 or line.who in {"customer", "other"}
            return later if urgent else rhythm.in_office(later, chance=self.chance)
        if line.who in {"customer", "other"}:
            return rhythm.customers_next(moment, chance=self.chance)
        return self._staffs_next(moment)

    def _staffs_next(self, moment: datetime) -> datetime:
        return rhythm.staffs_next(moment, chance=self.chance)

    def _ending(self, line: Line, moment: datetime) -> Iterator[Step]:
        if line.then:
            yield moment + timedelta(minutes=self.chance.randrange(3, 50)), partial(self._end, line)

    # --- What is done -------------------------------------------------------------------

    def _open(self, line: Line) -> None:
        script = self.script
        subject = script.subjects[self.number % len(script.subjects)]
        via = Via.WEB if self.chance.random() < BY_WEB and not line.html else Via.EMAIL
        request = Request(
            queue=self.house.queues[script.queue],
            subject=self._fill(subject),
            requester=self.requester,
            via=via,
            channel=self.house.channels[script.queue].slug if via == Via.EMAIL else "",
            product=self.house.products.get(script.product),
            requested_priority=Priority(script.requested) if script.requested else None,
            is_private=script.private,
        )
        message = open_ticket(request, by=SYSTEM, content=self._content(line))
        self.ticket = message.ticket
        self._heard(message)

    def _triage(self) -> None:
        script, by = self.script, self._lead()
        if script.kind:
            set_kind(self._ticket, Kind(script.kind), by=by)
        if script.labels:
            set_labels(self._ticket, [self.house.labels[name] for name in script.labels], by=by)
        if script.priority:
            differs = script.requested not in {"", script.priority}
            reason = WHY_OTHER_PRIORITY if differs else ""
            assess_priority(self._ticket, Priority(script.priority), by=by, reason=reason)

    def _take(self) -> None:
        if self.agent in GIVEN:
            to_agent(self._ticket, self.house.staff[self.agent], by=self._lead())
        else:
            take(self._ticket, by=self._scope)

    def _say(self, line: Line) -> None:
        self._ticket.refresh_from_db()
        if line.who == "annotation":
            annotate(self._ticket, self._fill(line.text), by=self._scope)
        elif line.who == "staff":
            self._reply(line)
        else:
            self._receive(line)

    def _receive(self, line: Line) -> None:
        author = self.requester
        if line.who == "other" and self.other:
            author = self.other
            add(self._ticket, author, by=self._lead())
        message = receive(
            self._ticket,
            by=SYSTEM,
            author=author,
            content=self._content(line, author=author),
            via=Via(self._ticket.origin_kind),
            authority=Authority.PLAUSIBLE if line.doubt else Authority.VERIFIED,
        )
        self._heard(message)

    def _reply(self, line: Line) -> None:
        first = not any(message.by_staff for message in self.said)
        status = line.status or (Status.IN_PROGRESS if first and not line.then else "")
        reply = Reply(
            body=self._fill(line.text),
            last_seen_event=newest_seen(self._ticket),
            status=Status(status) if status else None,
            turn=Turn(line.turn) if line.turn else None,
        )
        draft = submit(self._ticket, reply, by=self._scope, window=NO_WINDOW)
        for name in line.files:
            attachments.store(file_called(name), ticket=self._ticket, draft=draft)
        message = release(draft.pk)
        if message is None:
            raise RuntimeError(f"the demo's reply in {self.script.key} was held")
        self.said.append(message)
        note_sent(message)

    def _end(self, line: Line) -> None:
        status = Status(line.then)
        ticket = self._ticket
        ticket.refresh_from_db()
        if not may_follow(ticket.status, status):
            return
        reason = self.house.reasons.get(line.reason)
        by = self._scope if can_work(self._scope, ticket) else self._lead()
        set_status(ticket, status, by=by, reason=reason, annotation=self._fill(line.why))

    # --- Words --------------------------------------------------------------------------

    def _content(self, line: Line, *, author: Contact | None = None) -> Content:
        folded = []
        if not self.said and self.chance.random() < SIGNS and not line.html:
            folded.append(f"-- \n{author or self.requester}")
        quotes = line.quote or (self.said and self.chance.random() < QUOTES)
        if quotes and self.said:
            folded.append(_quoted(self.said[-1]))
        return Content(
            body=self._fill(line.text),
            format=BodyFormat.PLAIN,
            quoted="\n\n".join(folded),
            html=line.html.strip(),
            files=[file_called(name) for name in line.files],
        )

    def _fill(self, text: str) -> str:
        words = self.script.words_of(self.number)
        agent = self.house.staff[self.agent]
        names = {"customer": self.requester.short_name, "staff": agent.first_name}
        return fill(text, {**names, **words})

    def _heard(self, message: Message) -> None:
        self.said.append(message)
        if message.via == Via.EMAIL:
            address = message.author.identities.get().external_id
            MessageRoute.objects.create(
                message=message,
                channel=self.house.channels[self.script.queue],
                remote_id=f"<demo.{message.pk}@{address.partition('@')[2]}>",
            )

    # --- Who ----------------------------------------------------------------------------

    @property
    def _ticket(self) -> Ticket:
        if self.ticket is None:
            raise RuntimeError("the first step opens the ticket")
        return self.ticket

    @property
    def _scope(self) -> Scope:
        return self.house.scopes[self.agent]

    def _lead(self) -> Scope:
        return self.house.scopes[LEAD]


def _quoted(message: Message) -> str:
    lines = "\n".join(f"> {line}".rstrip() for line in message.body.splitlines())
    when = message.occurred_at.strftime("%Y-%m-%d %H:%M")
    return f"On {when}, {message.author} wrote:\n{lines}"
