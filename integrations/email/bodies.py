"""The text, the HTML and the files of a mail: every leaf of the tree becomes one of them.

Which part of an alternative is shown is RFC 2046 5.1.4: of each kind the last; what else is in
it, a calendar or a picture, is kept as a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

from integrations.email import blocks, calendars, charsets, flowed, html, names, quotes, tnef
from integrations.email.tree import Part
from tickets import attachments
from tickets.content import NewFile

_PLAIN = {"text/plain", "text/markdown", "text/x-markdown"}
_ENRICHED = {"text/enriched", "text/richtext"}
_HTML = {"text/html", "application/xhtml+xml"}
_TEXTS = _PLAIN | _ENRICHED | _HTML
# Of these nothing is lost: they say once more, for one program, what the HTML says.
_SPARE = {"text/x-amp-html", "text/watch-html"}
_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_PAGE = re.compile(r"\s*(?:<!doctype\s+html|<html)\b", re.IGNORECASE)
_MARK = re.compile(r"<<|</?[A-Za-z-]{1,60}>")
_LOOK = 2_048
_MOST_LAID_OUT = 6_000_000


@dataclass(frozen=True, kw_only=True)
class Section:
    """A stretch of the body: as text, as HTML, or the same in both."""

    text: str | None = None
    markup: str | None = None


@dataclass
class _Reading:
    """What sections say as text; only so much HTML of one mail is laid out, the rest is stripped
    of its tags, since laying out costs seconds a megabyte."""

    left: int = _MOST_LAID_OUT

    def of(self, section: Section) -> str:
        """The text, that of the HTML where there is none."""
        if (section.text or "").strip() or section.markup is None:
            return section.text or ""
        self.left -= len(section.markup)
        if self.left < 0:
            return html.stripped(section.markup)
        return html.to_text(section.markup)


@dataclass(frozen=True, kw_only=True)
class Body:
    """`text` and `html` are None where the mail has none; `is_derived`: text made from HTML.

    `shown` is the HTML with the parts that are text alone in their place, for a reader.
    """

    text: str | None
    html: str | None
    shown: str
    is_derived: bool
    files: list[NewFile]


def body_of(message: Part) -> Body:
    """Read the whole tree; the text is derived from the HTML where there is no text part."""
    reader = _Reader()
    sections = reader.read(message)
    if not sections:
        sections = reader.spare or _of_mail_within(message)
    markups = [section.markup for section in sections if section.markup is not None]
    has_text = any((section.text or "").strip() for section in sections)
    text = "\n".join(reader.reading.of(section) for section in sections) if sections else None
    return Body(
        text=text,
        html="\n".join(markups) if markups else None,
        shown=_shown(sections),
        is_derived=bool(markups) and not has_text,
        files=reader.files,
    )


def _of_mail_within(message: Part) -> list[Section]:
    """The text of a mail that consists of another one (RFC 2046 5.2)."""
    if message.get_content_maintype() != "message" or not message.children:
        return []
    return _Reader().read(message.children[0])


def _shown(sections: list[Section]) -> str:
    if all(section.markup is None for section in sections):
        only = sections[0].text or "" if len(sections) == 1 else ""
        # A page that was sent as plain text is read as what it is.
        return only if _PAGE.match(only) and "</" in only else ""
    return "\n".join(
        section.markup if section.markup is not None else _as_html(section.text or "")
        for section in sections
    )


def _as_html(text: str) -> str:
    lines = escape(text.strip("\n")).replace("\n", "<br>\n")
    return f"<div>{lines}</div>"


@dataclass
class _Reader:
    """Walks the tree, which is no deeper than `limits` and `tree` let it be."""

    files: list[NewFile] = field(default_factory=list)
    reading: _Reading = field(default_factory=_Reading)
    spare: list[Section] = field(default_factory=list)

    def read(self, part: Part, *, is_body: bool = True) -> list[Section]:
        """The sections of a part. `is_body`: a name alone does not make it a file."""
        kind = part.get_content_type()
        if not kind.startswith("multipart/"):
            return self._leaf(part, kind, is_body=is_body)
        if not part.children:
            text = _text_of(part)
            return [Section(text=text)] if text.strip() else []
        if _is_closed_twice(part):
            return self._alternative(part.children[1:])
        if kind == "multipart/alternative":
            return self._alternative(part.children)
        if kind == "multipart/related":
            return self._related(part)
        return [section for child in part.children for section in self.read(child, is_body=False)]

    def _alternative(self, children: list[Part]) -> list[Section]:
        found = [self.read(child) for child in children if child.get_content_type() not in _SPARE]
        texts = [s for sections in found for s in sections if (s.text or "").strip()]
        plain = [sections for sections in found if any(s in texts for s in sections)]
        rich = [sections for sections in found if any(s.markup is not None for s in sections)]
        if rich and all(quotes.is_stub(s.text or "") for s in texts):
            plain = []
        text = _distinct("\n".join(self.reading.of(s) for s in sections) for sections in plain)
        markup = _distinct(
            "\n".join(s.markup for s in sections if s.markup is not None) for sections in rich
        )
        if not plain and not rich:
            return [s for sections in found for s in sections][-1:]
        return [Section(text=text if plain else None, markup=markup if rich else None)]

    def _related(self, part: Part) -> list[Section]:
        """The root is the one `start` names, else the first (RFC 2387 3.2); it is the text."""
        start = part.parameter("start").strip("<> ")
        roots = [child for child in part.children if start and names.content_id(child) == start]
        root = roots[0] if roots else part.children[0]
        sections: list[Section] = []
        for child in part.children:
            is_resource = child is not root and (names.content_id(child) or _location(child))
            if is_resource and not child.children:
                self._file(child)
            else:
                sections += self.read(child, is_body=child is root)
        return sections

    def _leaf(self, part: Part, kind: str, *, is_body: bool) -> list[Section]:
        if kind in _TEXTS and not _is_file(part, is_body=is_body):
            return [self._section(part, kind)]
        if kind in _TNEF or names.name_of(part).lower() == "winmail.dat":
            return self._unpacked(part)
        is_first = not self.files
        data = self._file(part)
        if kind in _TEXTS and is_first and not names.disposition(part):
            # Named like a file, but nothing says that it is one.
            self.spare.append(self._section(part, kind))
        if kind == "text/calendar" and (words := calendars.in_words(data)):
            # Said in words where the mail has no text of its own.
            self.spare.append(Section(text=words))
        return []

    def _section(self, part: Part, kind: str) -> Section:
        if kind in _HTML:
            return Section(markup=_text_of(part))
        data = part.data
        if kind == "text/plain":
            data, found = blocks.taken_out(data)
            for block in found:
                name = names.cleaned(charsets.decode(block.name))
                self._add(block.data, name=name, kind=names.type_for(name))
        text = _text_of(part, data=data)
        if kind in _ENRICHED:
            text = _MARK.sub(lambda mark: "<" if mark[0] == "<<" else "", text)
        if part.parameter("format").strip().lower() == "flowed":
            text = flowed.joined(text, delsp=part.parameter("delsp").strip().lower() == "yes")
        return Section(text=text)

    def _unpacked(self, part: Part) -> list[Section]:
        """The files within a winmail.dat, and its text where the mail has no other."""
        found = tnef.unpack(part.data)
        for file in found.files:
            self._add(file.data, name=file.name, kind=file.content_type, cid=file.content_id)
        if not found.is_whole:
            self._file(part)
        if found.text is not None or found.html is not None:
            self.spare.append(Section(text=found.text, markup=found.html))
        return []

    def _file(self, part: Part) -> bytes:
        data = part.data
        name = names.name_of(part) or names.made_up(part, number=len(self.files) + 1)
        kind = part.get_content_type()
        self._add(data, name=name, kind=kind, cid=names.content_id(part) or _location(part))
        return data

    def _add(self, data: bytes, *, name: str, kind: str, cid: str = "") -> None:
        name = name or f"part-{len(self.files) + 1}.bin"
        # Only what proves to be a picture can stand in the text; the rest stays in the list.
        cid = cid if attachments.served_type(data) else ""
        self.files.append(NewFile(name=name, content_type=kind, data=data, content_id=cid))


def _distinct(texts: Iterable[str]) -> str:
    """Alternatives of one kind, those that say the same but once."""
    kept = {"".join(text.split()): text for text in texts}
    return "\n".join(kept.values())


def _is_closed_twice(part: Part) -> bool:
    """Whether alternatives were put into a part with the boundary of that part: they are its."""
    first, *others = part.children
    return (
        bool(others)
        and first.get_content_type() == "multipart/alternative"
        and not first.children
        and first.parameter("boundary") == part.parameter("boundary")
    )


def _is_file(part: Part, *, is_body: bool) -> bool:
    name = names.name_of(part)
    if names.disposition(part) == "attachment":
        return bool(name) or not is_body
    return bool(name) and not is_body


def _location(part: Part) -> str:
    return names.header(part, "Content-Location")[:255]


def _text_of(part: Part, *, data: bytes | None = None) -> str:
    """Decoded text with plain line breaks, without NUL and lone surrogates."""
    data = part.data if data is None else data
    declared = part.parameter("charset")
    if not charsets.is_known(declared) and (meta := _META.search(data[:_LOOK])):
        declared = meta[1].decode("ascii", "replace")
    text = charsets.decode(data, declared=declared)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode("utf-8").removeprefix("\ufeff")
