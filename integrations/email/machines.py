"""Telling machines from people, so that no machine is ever answered (security.md M08).

The markers are those of RFC 3834, RFC 2919, RFC 3464, RFC 8098 and of common senders. Our own
control headers are no proof of anything when somebody sends them to us (M05), unless they carry
an id that only we can have made.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from integrations.base import Authentication, Fate, Machine
from integrations.email import auto_replies, headers, ids, programs

if TYPE_CHECKING:
    from email.message import Message

    from integrations.base import Inbound, Person, Report

_LISTS = ("list-id", "list-post", "list-help", "list-unsubscribe", "list-subscribe")
# A null return path, as sendmail writes it too.
_NULL = re.compile(r"<>$|<?mailer-daemon(?:@[^>]*)?>?$", re.IGNORECASE)
_REPORTED = {Fate.DELIVERED: Machine.RECEIPT, Fate.COMPLAINT: Machine.COMPLAINT}

# These open no ticket: they answer something, or report about it.
NO_TICKET = frozenset(
    {
        *(Machine.AUTO_REPLY, Machine.BOUNCE, Machine.CALENDAR, Machine.COMPLAINT),
        *(Machine.RECEIPT, Machine.LOOP),
    }
)
# These are kept on the ticket they answer, where they change nothing.
ANSWERS = frozenset({Machine.AUTO_REPLY, Machine.CALENDAR})
# Mail servers send no mail through more hands than this; what has gone round has (RFC 5321, 6.3).
_MOST_HOPS = 60


def machine_of(
    message: Message,
    *,
    author: Person | None,
    is_null: bool,
    is_ours: bool,
    report: Report | None,
) -> Machine | None:
    """What sort of machine wrote this, or None for a person.

    `is_null`: it came with the null return path. `is_ours`: it carries a Message-ID of ours, it
    is our own come back. `report`: what it says about a mail of ours, if it does.
    """
    if is_ours or _goes_round(message):
        return Machine.LOOP
    if report:
        return _REPORTED.get(report.fate, Machine.BOUNCE)
    address = author.external_id if author else headers.value_of(message, "From")
    return (
        _by_report(message)
        or _by_calendar(message)
        or _by_answer(message, is_null=is_null)
        or _by_list(message)
        or _by_submission(message)
        or _by_leaning(message, address=address, is_null=is_null)
    )


def is_null(message: Message, *, sender: str | None) -> bool:
    """Whether it came with the null return path, as machines write (RFC 3834, 3.3).

    `sender` is the return path as the door heard it, "" for the null one, None when unknown.
    """
    return sender == "" or bool(_NULL.match(headers.value_of(message, "Return-Path")))


def may_answer(inbound: Inbound) -> bool:
    """Whether an automatic answer may go out: only to a person, at an address that is sure."""
    return (
        inbound.author is not None
        and inbound.machine is None
        and inbound.authentication != Authentication.FAIL
    )


def _goes_round(message: Message) -> bool:
    """Whether it has been here: too many hops, or an id of ours where we put it ourselves.

    Such an id is the proof that the header is ours (M05): nobody else knows one.
    """
    marks = headers.raw_values(message, "X-Loop")
    hops = len(headers.raw_values(message, "Received"))
    return hops > _MOST_HOPS or any(ids.token_in(mark) for mark in marks)


def _by_report(message: Message) -> Machine | None:
    """A receipt (RFC 8098, RFC 2634), or a report about something else than a mail of ours."""
    kind = message.get_content_type()
    if kind == "multipart/report":
        about = str(message.get_param("report-type") or "").lower()
        return Machine.RECEIPT if about == "disposition-notification" else Machine.GENERATED
    is_receipt = (
        kind == "message/disposition-notification"
        or message.get_param("smime-type") == "signed-receipt"
        or headers.value_of(message, "Content-Class").lower() == "urn:content-classes:mdn"
    )
    return Machine.RECEIPT if is_receipt else None


def _by_calendar(message: Message) -> Machine | None:
    """A calendar's yes or no to an invitation (RFC 5546, 3.2.3); proposals are for people."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            method = part.get_param("method")
            said = method if isinstance(method, str) else ""
            return Machine.CALENDAR if said.lower() == "reply" else None
    return None


def _by_answer(message: Message, *, is_null: bool) -> Machine | None:
    answers = auto_replies.is_auto_reply(message, is_null=is_null)
    return Machine.AUTO_REPLY if answers else None


def _by_list(message: Message) -> Machine | None:
    is_list = headers.value_of(message, "Precedence").lower() == "list"
    return Machine.LIST if is_list or any(name in message for name in _LISTS) else None


def _by_submission(message: Message) -> Machine | None:
    said = headers.value_of(message, "Auto-Submitted").lower().partition(";")[0].strip()
    is_bulk = headers.value_of(message, "Precedence").lower() in {"bulk", "junk"}
    return Machine.GENERATED if is_bulk or said not in {"", "no"} else None


def _by_leaning(message: Message, *, address: str, is_null: bool) -> Machine | None:
    """Signs of a machine that may carry a real request all the same."""
    is_program = is_null or programs.is_program(message, address=address)
    return Machine.GENERATED if is_program else None
