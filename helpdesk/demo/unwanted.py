"""What nobody asked for: mail that is held, blocked or needs no ticket, spam and trash."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from email.message import EmailMessage

from helpdesk.demo.house import House, email_of
from helpdesk.demo.play import Talk
from integrations import blocking, held, inbound, originals
from integrations.models import Channel, InboundState, MessageRoute, RawInbound
from tickets import clock
from tickets.actions import trash
from tickets.models import Ticket
from tickets.states import Aside

_SHOES = "offers@shoes.example"
_PHISHING = "phishing.example"
_LATELY = timedelta(hours=3)


def add(talks: list[Talk], house: House) -> None:
    """Let the world send what it sends, and staff put away what they put away."""
    now = clock.now()
    with clock.standing_at(now - timedelta(days=20)):
        blocking.block(_SHOES, by=house.scopes["tomasz"], reason="Sells shoes, every day")
        blocking.block(_PHISHING, by=house.scopes["mara"], reason="Asks customers for passwords")
    _mail(house, now=now)
    with clock.standing_at(now - _LATELY):
        for ticket in list(_quiet(talks, "spam-offer", before=now - _LATELY))[-2:]:
            trash.mark_as_spam(ticket, by=house.scopes["tomasz"])
        for ticket in list(_quiet(talks, "thanks-only", before=now - _LATELY))[-1:]:
            trash.move_to_trash(ticket, by=house.scopes["ines"])


def _quiet(talks: Iterable[Talk], key: str, *, before: datetime) -> Iterable[Ticket]:
    tickets = (talk.ticket for talk in talks if talk.script.key == key and talk.ticket)
    for ticket in tickets:
        if not ticket.events.filter(occurred_at__gt=before).exists():
            yield ticket


def _mail(house: House, *, now: datetime) -> None:
    free, paid = house.channels["free"], house.channels["paid"]
    _received(_offer(), channel=free, at=now - timedelta(hours=30))
    _received(_away(), channel=paid, at=now - timedelta(hours=9))
    _received(_by_a_colleague(free), channel=free, at=now - timedelta(hours=5))
    _received(b"\x16\x03\x01\x02\x00\x01\x00\x01", channel=free, at=now - timedelta(hours=4))
    _received(_large(), channel=paid, at=now - timedelta(minutes=50), attempts=5)
    old = _received(b"GET / HTTP/1.1\r\n\r\n", channel=free, at=now - timedelta(days=2))
    with clock.standing_at(now - timedelta(days=1)):
        held.set_aside(old, Aside.TRASH, by=house.scopes["ines"])


def _received(data: bytes, *, channel: Channel, at: datetime, attempts: int = 0) -> RawInbound:
    """Keep a mail and read it, as if it had come then; with `attempts` it ended its readers."""
    source = originals.Source(name="demo", key=inbound.new_key())
    raw, _new = originals.keep(data, source=source, channel=channel, envelope={})
    RawInbound.objects.filter(pk=raw.pk).update(received_at=at, attempts=attempts)
    raw = inbound.process(raw.pk)
    if raw.state in {InboundState.NEW, InboundState.DONE}:
        raise RuntimeError(f"the demo's mail {raw.pk} became {raw.state} ({raw.error})")
    return raw


def _written(subject: str, body: str, *, sender: str, **more: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, email_of("support"), subject
    mail["Message-ID"] = f"<{inbound.new_key()}@demo.example>"
    for name, value in more.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(body)
    return mail.as_bytes()


def _offer() -> bytes:
    body = "Everything must go. Only today: two pairs for the price of three."
    return _written("Shoes, shoes, shoes", body, sender=f"Shoe Paradise <{_SHOES}>")


def _away() -> bytes:
    body = "I am away until Monday and answer then."
    return _written(
        "Automatic reply: Your ticket",
        body,
        sender="Away <away@brightwater.example>",
        Auto_Submitted="auto-replied",
    )


def _by_a_colleague(channel: Channel) -> bytes:
    """An answer that bears a colleague's address, on a thread that is known."""
    known = MessageRoute.objects.filter(channel=channel).order_by("-pk")[0]
    body = "Please send the invoice to my private account from now on. Mara"
    return _written(
        "Re: Invoice",
        body,
        sender=f"Mara Lindqvist <{email_of('mara')}>",
        In_Reply_To=known.remote_id,
    )


def _large() -> bytes:
    body = "The dump is attached.\n" + "begin 644 core.dump\n" * 40
    return _written("Crash dump", body, sender="Lena Brandt <lena@harbour.example>")
