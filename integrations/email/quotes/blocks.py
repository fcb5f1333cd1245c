"""Headers of an earlier mail as clients put them above it, and the rulers around them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from integrations.email.quotes.languages import words
from integrations.email.quotes.page import REACH, Page

_RULED = "-—–_=*#~+•|<> :.[]"
_MARKS = "*_ [ "
_LONGEST_NAME = 28
_MOST_LINES = 40
_MOST_WRAPPED = 12
_HEADERS_AT_LEAST = 3
_ABOVE_AT_MOST = 160
_SHORTEST_RULE = 5
_NEAR = 2
_PHRASE_REST = 70
# Headers no reader shows: their presence means that somebody pasted the source of a mail.
_RAW = {
    *("received", "message-id", "mime-version", "content-type", "return-path", "delivered-to"),
    *("dkim-signature", "references", "in-reply-to", "content-transfer-encoding", "x-mailer"),
    *(
        "authentication-results",
        "received-spf",
        "arc-seal",
        "list-id",
        "user-agent",
        "x-spam-status",
    ),
}


class Kind(StrEnum):
    """What a block says about the text below it."""

    HEADERS = "headers"
    ORIGINAL = "original"
    FORWARDED = "forwarded"
    ABOVE = "above"


@dataclass(frozen=True)
class Block:
    """Lines start to stop (not included)."""

    start: int
    stop: int
    kind: Kind


def find(page: Page) -> list[Block]:
    """All blocks on lines that are not quoted themselves, in order."""
    found: list[Block] = []
    n = 0
    while n < min(len(page), REACH):
        block = None if page.marked[n] or not page.bare[n] else _at(page, n)
        if block:
            found.append(block)
        n = block.stop if block else n + 1
    return found


def ruler(line: str) -> Kind | None:
    """What a bare line is: "-----Original Message-----", "Begin forwarded message:" or neither."""
    core = line.strip(_RULED)
    if not core or len(line) > _ABOVE_AT_MOST:
        return None
    first = core.split(None, 1)[0]
    ruled = line.startswith(("--", "==", "__", "**", "——", "––", "—", "##", "- -", "~~", "++"))
    if _says(core, words().forwarded.get(first, ())) and (ruled or _is_alone(line, core)):
        return Kind.FORWARDED
    if _says(core, words().original.get(first, ())) and (ruled or "processed by" in core):
        return Kind.ORIGINAL
    if (line.startswith("##-") and line.endswith("-##")) or _is_above(line, core):
        return Kind.ABOVE
    return None


def is_rule(line: str) -> bool:
    """Whether a bare line is nothing but a rule across the page."""
    return len(line) >= _SHORTEST_RULE and not line.strip("-—–_=*~ ")


def is_header_block(page: Page, n: int, *, least: int = _HEADERS_AT_LEAST) -> int | None:
    """Where the headers end that begin in line n; None when there are too few or raw ones."""
    if not _is_first(page.inner(n)):
        return None
    roles: set[str] = set()
    count, wrapped, stop = 0, 0, n
    for m in range(n, min(n + _MOST_LINES, len(page))):
        line = page.inner(m)
        found = _roles(line)
        if _is_raw(line):
            return None
        if found:
            roles |= found
            count, wrapped, stop = count + 1, 0, m + 1
        elif not line:
            following = page.next_text(m, min(m + 3, len(page)))
            if following is None or not _roles(page.inner(following)):
                break
        else:
            wrapped += 1
            if wrapped > _MOST_WRAPPED or count < 1:
                break
    enough = count >= least and len(roles) >= least and "from" in roles
    return stop if enough and not roles.isdisjoint({"date", "subject", "to"}) else None


def _at(page: Page, n: int) -> Block | None:
    line = page.bare[n]
    kind = ruler(line)
    if kind in {Kind.ORIGINAL, Kind.FORWARDED, Kind.ABOVE}:
        return Block(n, n + 1, kind)
    below = page.next_text(n + 1, min(n + 3, len(page))) if is_rule(line) else None
    begin = n if below is None else below
    if page.marked[begin]:
        return None
    under = ruler(page.bare[below]) if below is not None else None
    if below is not None and under is not None:
        return Block(n, below + 1, under)
    stop = is_header_block(page, begin, least=_HEADERS_AT_LEAST - (below is not None))
    if stop is None or _is_source(page, begin):
        return None
    return Block(_with_title(page, n), stop, Kind.HEADERS)


def _is_source(page: Page, n: int) -> bool:
    """Whether the lines right above are headers that no mail program shows."""
    for m in range(n - 1, max(n - _MOST_LINES, 0) - 1, -1):
        if not page.bare[m]:
            return False
        if _is_raw(page.bare[m]):
            return True
    return False


def _is_raw(line: str) -> bool:
    return line.partition(":")[0] in _RAW or line.startswith(("x-", "arc-"))


def _with_title(page: Page, n: int) -> int:
    """The line above as well, where it says "Original Message" without any ruler."""
    above = page.text_above(n) if n else None
    if above is None or n - above > _NEAR or page.marked[above]:
        return n
    core = page.bare[above].strip(_RULED)
    first = core.split(None, 1)[0] if core else ""
    return above if core in words().original.get(first, ()) else n


def _says(core: str, phrases: tuple[str, ...]) -> bool:
    for phrase in phrases:
        if core == phrase:
            return True
        rest = core[len(phrase) :]
        if core.startswith(phrase) and len(rest) <= _PHRASE_REST and not rest[:1].isalnum():
            return True
    return False


def _is_alone(line: str, core: str) -> bool:
    """Whether "Begin forwarded message:" stands alone, as Apple writes it without a ruler."""
    first = core.split(None, 1)[0]
    return line.endswith(":") and core in words().forwarded.get(first, ())


def _is_above(line: str, core: str) -> bool:
    if line[:1].isalpha() and not line.endswith(("-", "—", "–", "=", "_", "*", "#")):
        # Without decoration it is the whole line or no marker at all.
        return core in words().above or core.removeprefix("please ") in words().above
    return any(phrase in core for phrase in words().above)


def _is_first(line: str) -> bool:
    return not _roles(line).isdisjoint({"from", "date", "subject", "to"})


def _roles(line: str) -> frozenset[str]:
    """What a line is as a header of the table: "from", "date", …; nothing for other lines."""
    name, colon, _value = line[: _LONGEST_NAME + 8].partition(":")
    if not colon or len(name) > _LONGEST_NAME:
        return frozenset()
    return words().headers.get(name.strip(_MARKS), frozenset())
