"""What stands below the new text without being any: signatures, device lines, legal words.

Only what leaves no doubt. A sign-off ("Best, Ann") is text and stays.
"""

from __future__ import annotations

import re

from integrations.email.quotes import blocks
from integrations.email.quotes.languages import Device, words
from integrations.email.quotes.page import Page

_DELIMITERS = {"--", "---", "—", "——", "––", "__", "___", "- --", "=="}
_EXACT = re.compile(r"^-- [ \t]*$|^--\xa0$")
_LINK = re.compile(r"<[^<>]{0,400}>|\([^()]{0,400}://[^()]{0,400}\)|https?://\S{1,400}")
_CONTACT = re.compile(
    r"[^\s@]@[^\s@]+\.|www\.|https?://|(?:\+|00)\d[\d ()./-]{6,}|\b\d[\d ()./-]{8,}\d\b"
)
_RAW_NAME = re.compile(r"[A-Z0-9]")
_MOST_PIECES = 12
_MOST_SIGNATURE_LINES = 40
_MOST_LOOSE_LINES = 12
_LONGEST_LOOSE = 100
_MOST_PARAGRAPH = 60
_MOST_DEVICE = 160
_MOST_MIDDLE = 8
_MOST_NAME = 4
_LEAST_LEGAL = 2
_LEAST_CONTACTS = 2
_LONG_APP = 6
_LONGEST_FOOTER = 400
_FEW_WORDS = 3
_MANY_WORDS = 6
_LONGEST_FOOTER_LINES = 8
_JOINING = {
    *("for", "on", "using", "via", "with", "the", "app", "from", "my", "and", "mobile", "device"),
    *("für", "auf", "mit", "aus", "der", "dem", "meinem", "pour", "sur", "avec", "le", "la", "mon"),
    *("para", "en", "con", "el", "mi", "meu", "per", "su", "dal", "mio", "voor", "op", "met"),
    *("mijn", "til", "på", "för", "med", "min", "na", "dla", "z", "для", "на", "с", "из", "i", "и"),
    *("için", "ile", "mail", "mail-app", "smartphone", "phone", "tablet", "e-mail", "-", "–", "|"),
    *("4g", "lte", "5g", "usando", "utilizando", "mittels", "o", "do", "da", "de", "aplikacji"),
    *("secure", "email", "gesendet"),
}


def start(page: Page, stop: int, *, floor: int = 0) -> int:
    """Where what is no text begins in lines floor to stop, seen from the end."""
    end = stop
    for _step in range(_MOST_PIECES):
        end = _above_blank(page, end, floor)
        shorter = _shorter(page, end, floor)
        if shorter is None:
            break
        end = shorter
    return max(end, floor)


def _shorter(page: Page, end: int, floor: int) -> int | None:
    """One thing less at the end: a device line, a footer, legal words, a signature."""
    if end <= floor:
        return None
    for find in (_device, _footer, _delimited, _legal, _contacts):
        found = find(page, end, floor)
        if found is not None:
            return found
    return None


def _above_blank(page: Page, end: int, floor: int) -> int:
    while end > floor and not page.bare[end - 1]:
        end -= 1
    return end


def _device(page: Page, end: int, floor: int) -> int | None:
    """One line, or two where the link of it was wrapped."""
    for lines in (1, 2):
        begin = end - lines
        if begin < floor or any(page.marked[begin:end]):
            return None
        if is_device(" ".join(page.lines[begin:end])):
            return begin
    return None


def is_device(line: str) -> bool:
    """Whether a line was added by a program: "Sent from my iPhone", in any language."""
    if len(line) > _MOST_DEVICE + 400:
        return False
    raw = " ".join(_LINK.sub(" ", line).split()).strip("*_-—–>| ")
    plain = Page([raw]).bare[0].rstrip(".!。 ")
    if not plain or len(plain) > _MOST_DEVICE:
        return False
    return any(_fits(device, plain, raw) for device in words().devices)


def _fits(device: Device, plain: str, raw: str) -> bool:
    if not plain.startswith(device.begin.rstrip()) or not plain.endswith(device.end.lstrip()):
        return False
    if device.is_free:
        return len(plain) - len(device.begin) <= _LONGEST_LOOSE
    middle = plain[len(device.begin.rstrip()) : len(plain) - len(device.end.lstrip())].strip()
    tokens = middle.split()
    if not tokens or len(tokens) > _MOST_MIDDLE:
        return "outlook" in device.end and plain.startswith(device.begin) and not tokens
    if device.any_name and len(tokens) <= _MOST_NAME and _RAW_NAME.search(raw[len(device.begin) :]):
        return _is_name(tokens, raw)
    place = _app_at(middle)
    return place is not None and _is_name(middle[place:].split(), raw)


def _is_name(tokens: list[str], raw: str) -> bool:
    """Whether the words are a name, not the rest of a sentence in small letters."""
    small = {word.strip(".,;:!") for word in raw.split() if word[:1].islower()}
    known = words().apps
    rest = [token.strip(".,;:!") for token in tokens[1:]]
    return not any(t in small and t not in _JOINING and not _is_part(t, known) for t in rest)


def _is_part(token: str, known: frozenset[str]) -> bool:
    return token in known or any(token in app.split() for app in known)


def _app_at(middle: str) -> int | None:
    """Where a known program or device is named; short names only as whole words."""
    places = []
    for app in words().apps:
        at = middle.find(app)
        if at < 0:
            continue
        before, after = middle[:at][-1:], middle[at + len(app) :][:1]
        is_word = not (before.isalnum() or after.isalnum())
        # "iPhonesta", "iPad'imden": other languages bend the names.
        if is_word or len(app) >= _LONG_APP or app in {"ipad", "ipod"} or not app.isascii():
            places.append(at)
    return min(places, default=None)


def _footer(page: Page, end: int, floor: int) -> int | None:
    """A rule with nothing below, and what servers and lists add under a rule."""
    if blocks.is_rule(page.bare[end - 1]) and end < len(page):
        return end - 1
    begin = _paragraph(page, end, floor, most=_LONGEST_FOOTER_LINES)
    if begin is None:
        return None
    text = " ".join(page.bare[begin:end])
    above = page.text_above(begin) if begin > floor else None
    is_ruled = blocks.is_rule(page.bare[begin]) or (
        above is not None and above >= floor and blocks.is_rule(page.bare[above])
    )
    says = any(word in text for word in words().footers)
    if says and is_ruled:
        return begin if blocks.is_rule(page.bare[begin]) else above
    if says and ("avast" in text or "avg.com" in text) and len(text) < _LONGEST_FOOTER:
        return begin
    return None


def _paragraph(page: Page, end: int, floor: int, *, most: int) -> int | None:
    """The first line of the paragraph that ends before `end`; None when it is too long."""
    begin = end
    while begin > floor and page.bare[begin - 1] and not page.marked[begin - 1]:
        begin -= 1
        if end - begin > most:
            return None
    return begin if begin < end else None


def _legal(page: Page, end: int, floor: int) -> int | None:
    begin = _paragraph(page, end, floor, most=_MOST_PARAGRAPH)
    return begin if begin is not None and _is_legal(page, begin, end) else None


def _is_legal(page: Page, begin: int, end: int) -> bool:
    text = " ".join(page.bare[begin:end])
    if not text.strip("*_-=>| \"'").startswith(words().legal_starts):
        return False
    return sum(1 for word in words().legal_words if word in text) >= _LEAST_LEGAL


def _delimited(page: Page, end: int, floor: int) -> int | None:
    """A signature below its mark (RFC 3676, 4.3), or below one that only looks like it."""
    for n in range(end - 1, max(floor, end - _MOST_SIGNATURE_LINES) - 1, -1):
        if page.marked[n]:
            return None
        if _EXACT.match(page.lines[n]) and _is_plausible(page, n + 1, end):
            return n
        if page.bare[n] in _DELIMITERS and n > floor and _is_loose(page, n + 1, end):
            return n
        if blocks.is_rule(page.bare[n]) and n > floor and _is_reachable(page, n + 1, end):
            return n
    return None


def _is_plausible(page: Page, begin: int, end: int) -> bool:
    """Scripts and logs begin lines with "--" too; then it marks no signature."""
    return begin < end and not any(_is_code(line) for line in page.bare[begin:end])


def _is_code(line: str) -> bool:
    return line.startswith(("--", "+++", "@@")) or line.endswith((";", "{", "}", "*/"))


def _is_loose(page: Page, begin: int, end: int) -> bool:
    lines = [line for line in page.bare[begin:end] if line]
    if not lines or len(lines) > _MOST_LOOSE_LINES or not _is_plausible(page, begin, end):
        return False
    return not any(len(line) > _LONGEST_LOOSE or _is_sentence(line) for line in lines)


def _is_reachable(page: Page, begin: int, end: int) -> bool:
    """Whether lines below a rule are a signature: short, and two say how to reach somebody."""
    reach = sum(1 for line in page.bare[begin:end] if _CONTACT.search(line))
    return reach >= _LEAST_CONTACTS and _is_loose(page, begin, end)


def _is_sentence(line: str) -> bool:
    """Whether somebody speaks: a question, or several words that end in a full stop."""
    if line.endswith(("?", "？", ":", "!", "！", "。")):
        return True
    count = len(line.split())
    is_long = count > _MANY_WORDS and not _CONTACT.search(line)
    return is_long or (count > _FEW_WORDS and line.endswith("."))


def _contacts(page: Page, end: int, floor: int) -> int | None:
    """Below a sign-off and a name: lines of which two at least say how to reach the writer."""
    for n in range(end - 1, max(floor, end - _MOST_LOOSE_LINES) - 1, -1):
        if page.marked[n] or len(page.bare[n]) > _LONGEST_LOOSE or _is_sentence(page.bare[n]):
            return None
        if page.bare[n].strip(",.!;，。！、 ") in words().closings:
            return _below_name(page, n + 1, end)
    return None


def _below_name(page: Page, begin: int, end: int) -> int | None:
    name = page.next_text(begin, end)
    if name is None or name + 1 >= end or _CONTACT.search(page.bare[name]):
        return None
    lines = [line for line in page.bare[name + 1 : end] if line]
    reach = [line for line in lines if _CONTACT.search(line)]
    others = [line for line in lines if not _CONTACT.search(line)]
    if len(reach) < _LEAST_CONTACTS or any(any(map(str.isdigit, line)) for line in others):
        return None
    return name + 1
