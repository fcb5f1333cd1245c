"""Telling machines from people, so that no machine is ever answered (security.md M08).

The markers are those of RFC 3834, RFC 2919, RFC 3464, RFC 8098 and of common senders. Our own
control headers are no proof of anything when somebody sends them to us (M05), so none is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from integrations.base import Authentication, Fate, Machine
from integrations.email import headers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import Message

    from integrations.base import Inbound, Person, Report

_REPLIES = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-autoreply-from")
_LISTS = ("list-id", "list-post", "list-help", "list-unsubscribe", "list-subscribe")
_POSTMASTERS = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon|mailerdaemon)@", re.IGNORECASE)
# A null return path, as sendmail writes it too.
_NULL = re.compile(r"<>$|<?mailer-daemon(?:@[^>]*)?>?$", re.IGNORECASE)
_NOBODY = re.compile(
    r"(?:[\w.+-]*[.+-])?(?:no[._-]?reply|do[._-]?not[._-]?reply|bounces?)(?:[.+=-][^@]*)?@",
    re.IGNORECASE,
)
_REPORTED = {Fate.DELIVERED: Machine.RECEIPT, Fate.COMPLAINT: Machine.COMPLAINT}

# These need no ticket: they answer something, or report about it.
NO_TICKET = frozenset(
    {Machine.AUTO_REPLY, Machine.BOUNCE, Machine.COMPLAINT, Machine.RECEIPT, Machine.LOOP}
)


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
    if is_ours:
        return Machine.LOOP
    if report:
        return _REPORTED.get(report.fate, Machine.BOUNCE)
    address = author.external_id if author else headers.value_of(message, "From")
    return (
        _by_report(message)
        or _by_submission(message)
        or _by_precedence(message)
        or _by_list(message)
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


def _by_report(message: Message) -> Machine | None:
    """A receipt (RFC 8098), or a report about something else than a mail of ours."""
    if message.get_content_type() != "multipart/report":
        return None
    kind = str(message.get_param("report-type") or "").lower()
    return Machine.RECEIPT if kind == "disposition-notification" else Machine.GENERATED


def _by_submission(message: Message) -> Machine | None:
    if any(message.get(name) for name in _REPLIES):
        return Machine.AUTO_REPLY
    said = headers.value_of(message, "Auto-Submitted").lower().partition(";")[0].strip()
    if said in {"", "no"}:
        return None
    return Machine.AUTO_REPLY if said.startswith("auto-replied") else Machine.GENERATED


def _by_precedence(message: Message) -> Machine | None:
    said = headers.value_of(message, "Precedence").lower().strip()
    return {
        "auto_reply": Machine.AUTO_REPLY,
        "list": Machine.LIST,
        "bulk": Machine.GENERATED,
        "junk": Machine.GENERATED,
    }.get(said)


def _by_list(message: Message) -> Machine | None:
    return Machine.LIST if _any(message, _LISTS) else None


def _by_leaning(message: Message, *, address: str, is_null: bool) -> Machine | None:
    """Signs of a machine that may carry a real request all the same."""
    wants_no_answer = headers.value_of(message, "X-Auto-Response-Suppress").lower().strip()
    if is_null or wants_no_answer not in {"", "none"}:
        return Machine.GENERATED
    is_nobody = _NOBODY.match(address.strip("<> ")) or _POSTMASTERS.search(address)
    return Machine.GENERATED if is_nobody else None


def _any(message: Message, names: Sequence[str]) -> bool:
    return any(name in message for name in names)
