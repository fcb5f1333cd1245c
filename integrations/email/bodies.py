"""The text, the HTML and the files of a mail; what cannot be decoded is kept as a file."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, field
from email.message import Message

from integrations.email import charsets, headers, html
from tickets.content import NewFile

_TEXTS = {"text/plain", "text/html"}
_EXTENSIONS = {"message/rfc822": ".eml", "text/calendar": ".ics", "text/plain": ".txt"}


@dataclass
class Parts:
    """What the walk through a mail collects."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    files: list[NewFile] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Body:
    """`text` and `html` are None where the mail has none; `is_derived`: text made from HTML."""

    text: str | None
    html: str | None
    is_derived: bool
    files: list[NewFile]


def body_of(message: Message) -> Body:
    """Read the whole tree; the text is derived from the HTML where there is no text part."""
    parts = Parts()
    _walk(message, parts)
    markup = "\n".join(parts.html) if parts.html else None
    plain = "\n".join(parts.plain) if parts.plain else None
    is_derived = markup is not None and not (plain or "").strip()
    text = html.to_text(markup) if is_derived and markup is not None else plain
    return Body(text=text, html=markup, is_derived=is_derived, files=parts.files)


def _walk(root: Message, parts: Parts) -> None:
    """In the order of the mail, without recursion: the tree may be as deep as the limit."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        children = part.get_payload() if _is_branch(part) else None
        if isinstance(children, list):
            waiting.extend(child for child in reversed(children) if isinstance(child, Message))
        else:
            _leaf(part, parts)


def _is_branch(part: Message) -> bool:
    return part.get_content_maintype() == "multipart" and part.is_multipart()


def _leaf(part: Message, parts: Parts) -> None:
    kind = part.get_content_type()
    if kind in _TEXTS and not _is_file(part):
        text = _text_of(part)
        (parts.html if kind == "text/html" else parts.plain).append(text)
        return
    data = _bytes_of(part)
    name = _name_of(part) or _name_for(kind, number=len(parts.files) + 1)
    content_id = headers.clean(headers.value_of(part, "Content-ID")).strip("<>")
    parts.files.append(NewFile(name=name, content_type=kind, data=data, content_id=content_id))


def _is_file(part: Message) -> bool:
    disposition = headers.value_of(part, "Content-Disposition").partition(";")[0].strip().lower()
    return disposition == "attachment" or bool(_name_of(part))


def _text_of(part: Message) -> str:
    charset = part.get_param("charset")
    declared = charset[2] if isinstance(charset, tuple) else charset
    text = charsets.decode(_bytes_of(part), declared=declared)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode("utf-8").removeprefix("\ufeff")


def _bytes_of(part: Message) -> bytes:
    """The decoded bytes of a leaf; those of a mail within the mail as they can be had."""
    if part.is_multipart():
        inner = part.get_payload()
        return b"\n".join(_flat(child) for child in inner if isinstance(child, Message))
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        data = None
    if isinstance(data, bytes):
        return data
    return str(part.get_payload()).encode("utf-8", "surrogateescape")


def _flat(message: Message) -> bytes:
    try:
        return message.as_bytes(policy=headers.POLICY)
    except (ValueError, LookupError, TypeError, AttributeError, KeyError):
        # Headers that cannot be written again: the text at least stays readable.
        lines = [f"{name}: {headers.unfolded(str(value))}" for name, value in message.raw_items()]
        return "\n".join([*lines, "", ""]).encode("utf-8", "replace")


def _name_of(part: Message) -> str:
    """The sender's file name, by RFC 2231 or, as many write it, in encoded words."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        try:
            value = part.get_param(parameter, header=header)
        except (ValueError, LookupError, TypeError):
            continue
        if isinstance(value, tuple):
            charset, _language, text = value
            value = charsets.decode(text.encode("latin-1", "replace"), declared=charset)
        if value and (name := headers.words(str(value))):
            return name
    return ""


def _name_for(kind: str, *, number: int) -> str:
    extension = _EXTENSIONS.get(kind) or mimetypes.guess_extension(kind) or ".bin"
    return f"part-{number}{extension}"
