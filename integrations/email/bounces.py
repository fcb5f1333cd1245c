"""What mail servers report about mail of ours: not delivered, delayed, delivered.

The standard report is RFC 3464; servers that write in their own words are read by
`flufl.bounce`, which knows their dialects. Whose mail it was is never guessed from such words:
the ids in the mail that comes back say so (`returned`), because they carry our tokens.
"""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import Message
from typing import TYPE_CHECKING

from flufl.bounce import all_failures

from integrations.base import Fate, Report
from integrations.email import addresses, bodies, headers, ids
from integrations.email.server_words import DAEMONS, DELAYED, SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from integrations.email.tree import Part

_ACTIONS = {
    "failed": Fate.FAILED,
    # Words of OpenSMTPD and of CommuniGate.
    "error": Fate.FAILED,
    "failure": Fate.FAILED,
    "delayed": Fate.DELAYED,
    "delivered": Fate.DELIVERED,
    "relayed": Fate.DELIVERED,
    "expanded": Fate.DELIVERED,
}
_WORST_FIRST = (Fate.FAILED, Fate.DELAYED, Fate.DELIVERED)
# `<address>: words`, as qmail, Postfix and Yahoo name whom they could not reach.
_NAMED = re.compile(r"^[ \t]*<([^<>\s@]{1,128}@[^<>\s@]{1,255})>(?::|[ \t]*$)", re.MULTILINE)
_BULK = {"bulk", "junk", "auto_reply"}
_ANSWER = re.compile(r"\s*[^\W\d_]{1,5}[ \xa0]?[:：]")
# Where text ends that a server wrote, and the mail it returns begins.
_RETURNED = re.compile(
    r"^[ >*#|-]*(?:(?:unsent|original|returned) message|this is a copy of (?:the|your) message"
    r"|below this line is a copy|included is a copy|a copy of (?:the|your) message"
    r"|return-path:|received:|message text follows|(?:the )?(?:original )?message headers? follow)",
    re.IGNORECASE | re.MULTILINE,
)
_MESSAGE_ID = re.compile(r"^[ \t>|]*message-id[ \t]*:[ \t]*\n?[^\n]*", re.IGNORECASE | re.MULTILINE)
_CODE = re.compile(r"\b[245]\d\d[ -]|[#(]?\b[245]\.\d{1,3}\.\d{1,3}\b")
_TYPE = re.compile(r"^\s*(?:rfc822|utf-8|x400|smtp|x-[\w-]+|dns)\s*;\s*", re.IGNORECASE)
_MOST_TEXT, _LONGEST_LINE, _LONGEST_WORDS = 32_000, 500, 500
_MOST_REPORTED, _MOST_RETURNED = 20, 50


def report_of(message: Part, *, is_null: bool, tokens: Sequence[str] = ()) -> Report | None:
    """What the mail reports about one of ours, or None when it is no such report.

    `is_null`: it came with the null return path, as reports do (RFC 5321, 4.5.5). `tokens`: the
    ids that the return path it was sent to stands for.
    """
    report = _report_of(message, is_null=is_null)
    return report and replace(report, returned=(*tokens, *report.returned))


def _report_of(message: Part, *, is_null: bool) -> Report | None:
    kind = _kind(message)
    if kind == "feedback-report":
        return _complaint(message)
    is_by_daemon = _is_by_daemon(message, is_null=is_null)
    statuses = list(_statuses(message))
    if statuses and (kind == "delivery-status" or is_by_daemon or is_null):
        return _standard(message, statuses)
    if kind == "delivery-status" or is_by_daemon:
        return _in_own_words(message)
    return None


def _kind(message: Part) -> str:
    """The type of a report, also where the server forgot to say it."""
    if message.get_content_type() != "multipart/report":
        return ""
    said = str(message.get_param("report-type") or "").lower()
    return said or ("delivery-status" if next(_statuses(message), None) else "")


def _is_by_daemon(message: Part, *, is_null: bool) -> bool:
    """Whether a server wrote this: two signs are needed, because people pass such mails on and
    write to postmasters themselves."""
    sender = headers.value_of(message, "From")
    said = headers.value_of(message, "Auto-Submitted").lower()
    precedence = headers.value_of(message, "Precedence").lower()
    subject = headers.subject_of(message)
    signs = (
        bool(DAEMONS.search(sender)) or sender.rstrip().endswith("<>"),
        is_null or bool(said and not said.startswith("no")) or precedence in _BULK,
        "x-failed-recipients" in message,
        bool(SUBJECTS.search(subject)) and not _is_answer(message, subject),
    )
    if sum(signs) == 1:
        return "mailer-daemon" in sender.lower() or _names_us(message)
    return sum(signs) > 1


def _names_us(message: Part) -> bool:
    """Whether the text shows the id of a mail of ours, which people leave out."""
    return any(ids.token_in(found) for found in headers.ids_in(_texts(message)))


def _is_answer(message: Part, subject: str) -> bool:
    """Whether somebody answers or forwards a mail about a failure."""
    marked = _ANSWER.match(subject)
    return bool(marked and not SUBJECTS.search(marked[0])) and bool(headers.answers_of(message))


def _statuses(message: Message) -> Iterator[Message]:
    """The groups of fields of each delivery-status part, one for a recipient (RFC 3464, 2.1).

    Those of a report inside the returned mail are not about us.
    """
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        if part.get_content_type() in {"message/delivery-status", "message/global-delivery-status"}:
            inner = part.get_payload()
            groups = inner if isinstance(inner, list) else []
            for group in groups:
                if isinstance(group, Message) and "Action" in group:
                    yield group
        elif part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), list):
            waiting += [child for child in part.get_payload() if isinstance(child, Message)]


def _standard(message: Part, statuses: list[Message]) -> Report:
    fates = [(_fate(group), group) for group in statuses]
    worst = next((fate for fate in _WORST_FIRST if any(fate == f for f, _g in fates)), Fate.FAILED)
    groups = [group for fate, group in fates if fate == worst][:_MOST_REPORTED]
    said = list(dict.fromkeys(filter(None, map(_diagnosis, groups))))
    return Report(
        fate=worst,
        addresses=tuple(dict.fromkeys(filter(None, map(_recipient, groups)))),
        said=_short("\n".join(said)) or _words_about("", _texts(message)),
        returned=returned_by(message),
    )


def _fate(group: Message) -> Fate | None:
    action = re.match(r"[a-z]+", headers.value_of(group, "Action").lower())
    return _ACTIONS.get(action[0]) if action else None


def _recipient(group: Message) -> str:
    for name in ("Original-Recipient", "Final-Recipient", "X-Actual-Recipient"):
        value = _TYPE.sub("", headers.value_of(group, name)).strip("<> ")
        if found := addresses.canonical(value):
            return found
    return ""


def _diagnosis(group: Message) -> str:
    said = _TYPE.sub("", headers.value_of(group, "Diagnostic-Code"))
    status = headers.value_of(group, "Status").partition(" ")[0]
    if not said:
        return status
    return said if status in said else f"{said} ({status})"


def _complaint(message: Part) -> Report:
    return Report(
        fate=Fate.COMPLAINT,
        said=_words_about("", _texts(message)),
        returned=returned_by(message),
    )


def _in_own_words(message: Part) -> Report:
    texts = _texts(message)
    delayed, failed = _by_dialect(_flat(message, texts))
    found = _readable(failed or delayed) or _failed_recipients(message)
    found = found or _readable(address.encode() for address in _NAMED.findall(_own(texts)))
    subject = headers.subject_of(message)
    is_delayed = not failed and bool(delayed or DELAYED.search(f"{subject}\n{texts[:2000]}"))
    return Report(
        fate=Fate.DELAYED if is_delayed else Fate.FAILED,
        addresses=tuple(found),
        said=_words_about(found[0] if found else "", texts),
        returned=returned_by(message),
    )


def _by_dialect(flat: Message) -> tuple[Iterable[bytes], Iterable[bytes]]:
    """Whom a known dialect names, as (delayed, failed)."""
    try:
        return all_failures(flat)
    # The library raises what it never promised on headers it does not expect.
    except Exception:  # noqa: BLE001
        return (), ()


def _flat(message: Message, texts: str) -> Message:
    """The same mail as one text of bounded lines: the dialects are patterns, and a pattern must
    never meet a line without end (security.md M11)."""
    flat = Message()
    for name in ("From", "Subject", "X-Mailer"):
        if value := headers.value_of(message, name):
            flat[name] = value[:_LONGEST_LINE]
    flat.set_payload(texts)
    return flat


def _texts(message: Part) -> str:
    """What is to read in it, the returned mail included, bounded."""
    body = bodies.body_of(message)
    readable = [f for f in body.files if f.content_type.startswith(("message/", "text/"))]
    inside = [file.data[:_MOST_TEXT].decode("utf-8", "replace") for file in readable]
    pieces = [body.text or "", *inside]
    lines = "\n".join(pieces)[:_MOST_TEXT].split("\n")
    return "\n".join(line[:_LONGEST_LINE] for line in lines)


def _readable(found: Iterable[bytes]) -> list[str]:
    known = (addresses.canonical(address.decode("ascii", "replace")) for address in found)
    return sorted(address for address in known if address)[:_MOST_REPORTED]


def _failed_recipients(message: Message) -> list[str]:
    people = addresses.everybody_in(headers.raw_values(message, "X-Failed-Recipients"))
    return [person.external_id for person in people][:_MOST_REPORTED]


def _words_about(address: str, text: str) -> str:
    """The server's own words: the paragraph about the address, and the next if that says no
    more than the address; the first that names a code, else the first of all."""
    pieces = re.split(r"\n[ \t>]*\n", _own(text))
    paragraphs = [piece.strip() for piece in pieces if piece.strip()]
    for number, paragraph in enumerate(paragraphs):
        if address and address in paragraph.lower():
            rest = paragraph.lower().replace(address, "").strip("<>: \n")
            more = paragraphs[number + 1 : number + 2] if len(rest) < len("550 unknown") else []
            return _short("\n".join([paragraph, *more]))
    coded = next((piece for piece in paragraphs if _CODE.search(piece)), None)
    return _short(coded or (paragraphs[0] if paragraphs else ""))


def _own(text: str) -> str:
    """What the server wrote, without the mail it returns."""
    return text[: found.start()] if (found := _RETURNED.search(text)) else text


def _short(words: str) -> str:
    text = headers.clean(words)
    return text if len(text) <= _LONGEST_WORDS else f"{text[: _LONGEST_WORDS - 1]}…"


def returned_by(message: Part) -> tuple[str, ...]:
    """The ids of the mail that came back, the surest first: its own, those the report answers,
    and the newest it refers to.

    Servers return it as a part of its own, as its headers alone, or as text below their words.
    """
    texts = _texts(message)
    own = [found for line in _MESSAGE_ID.findall(texts) for found in headers.ids_in(line)]
    others = reversed(headers.ids_in(texts))
    found = dict.fromkeys([*own, *headers.answers_of(message), *others])
    return tuple(found)[:_MOST_RETURNED]
