"""What the files of a mail are called: as the sender called them, cleaned but honest."""

from __future__ import annotations

import mimetypes
import re

from integrations.email import headers, params
from integrations.email import words as encoded_words
from integrations.email.tree import Part
from tickets import attachments

_EXTENSIONS = {
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "text/plain": ".txt",
    "message/partial": ".eml",
    "image/jpg": ".jpg",
    "image/jpeg": ".jpg",
    "image/pjpeg": ".jpg",
}
# Parts that standards leave without a name, and the name programs give them.
_USUAL = {
    "text/calendar": "invite.ics",
    "application/pgp-signature": "signature.asc",
    "application/pgp-encrypted": "encrypted.txt",
    "application/pgp-keys": "key.asc",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-signature": "smime.p7s",
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
    "application/ms-tnef": "winmail.dat",
    "application/vnd.ms-tnef": "winmail.dat",
}
_LONGEST_ID = 255
_BREAKS = re.compile(r"[\r\n\t]+")


def header(part: Part, name: str) -> str:
    """A header of a part as clean text, encoded words decoded."""
    return headers.words(headers.value_of(part, name))


def disposition(part: Part) -> str:
    """`inline`, `attachment`, another word, or nothing (RFC 2183 2.8: unknown is attachment)."""
    said = params.token(headers.value_of(part, "Content-Disposition"))
    return said if said in {"", "inline", "attachment"} or "=" in said else "attachment"


def content_id(part: Part) -> str:
    """The Content-ID without its angle brackets (RFC 2392)."""
    return headers.clean(headers.value_of(part, "Content-ID")).strip("<> ")[:_LONGEST_ID]


def name_of(part: Part) -> str:
    """The sender's file name, by RFC 2231 or, as many write it, in encoded words."""
    for where, parameter in (("Content-Disposition", "filename"), ("Content-Type", "name")):
        value = params.parse(headers.value_of(part, where)).get(parameter, "")
        if value and (name := cleaned(value)):
            return name
    return ""


def cleaned(value: str) -> str:
    """A name without folders, control and direction marks; empty when nothing is left."""
    name = _BREAKS.sub(" ", encoded_words.decode(value))
    return attachments.clean_name(name) if name.strip("./\\ ") else ""


def made_up(part: Part, *, number: int) -> str:
    """A name for a part that has none: the subject of a mail, the usual one, or a number."""
    kind = part.get_content_type()
    if kind in {"message/rfc822", "message/global"} and part.children:
        subject = headers.subject_of(part.children[0]).replace("/", "-").replace("\\", "-")
        if name := cleaned(subject[:100]):
            return f"{name}.eml"
    return _USUAL.get(kind) or f"part-{number}{extension_for(kind)}"


def extension_for(kind: str) -> str:
    """The usual ending of files of a type, with its dot."""
    usual = _EXTENSIONS.get(kind) or mimetypes.guess_extension(kind)
    return usual or (".txt" if kind.startswith(("message/", "text/")) else ".bin")


def type_for(name: str) -> str:
    """The type that the ending of a name tells, for files that came without one."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
