"""The small words of a page: icons, badges, faces, times, keys. A template builtin."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta
from functools import lru_cache

from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.template import Context, Library
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_bidi, pgettext
from django.utils.translation import gettext as _
from heroicons.templatetags.heroicons import heroicon_micro, heroicon_mini

from helpdesk.templatetags import component
from tickets import clock
from tickets.states import PRIORITY_TONES, STATUSES, TURN_TONES, Priority, Status, Turn

register = Library()
register.tags.update(component.register.tags)

# Meaning -> the icon that goes with it (ux.md 6.2: icon, word and colour, never colour alone).
TONE_ICONS = {
    "ok": "check-circle",
    "warn": "clock",
    "bad": "exclamation-triangle",
    "info": "information-circle",
    "paused": "pause-circle",
    "note": "lock-closed",
    "neutral": "minus-circle",
}
HUES = 12
SOON = timedelta(hours=1)


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, size: int = 16, label: str = "") -> SafeString:
    """A heroicon by name, hidden from readers unless it has a label of its own."""
    draw = heroicon_micro if size <= 16 else heroicon_mini  # noqa: PLR2004 (heroicons' two sets)
    svg = mark_safe(draw(name, size=size))  # noqa: S308 (drawn from the package's own files)
    return format_html('{}<span class="visually-hidden">{}</span>', svg, label) if label else svg


@register.simple_tag
def badge(tone: str, word: str, symbol: str = "") -> SafeString:
    """A meaning as icon, word and colour; `tone` is one of `TONE_ICONS`."""
    return format_html(
        '<span class="badge badge--{}">{}<span class="badge__word">{}</span></span>',
        tone,
        icon(symbol or TONE_ICONS[tone]),
        word,
    )


@register.simple_tag
def status_badge(status: str) -> SafeString:
    """The badge of a ticket's status."""
    facts = STATUSES[Status(status)]
    return badge(facts.tone, str(Status(status).label), facts.icon)


@register.simple_tag
def priority_badge(priority: str) -> SafeString:
    """The badge of a priority."""
    return badge(PRIORITY_TONES[Priority(priority)], str(Priority(priority).label), "flag")


@register.simple_tag
def turn_badge(turn: str) -> SafeString:
    """The badge that says whose move it is."""
    return badge(TURN_TONES[Turn(turn)], str(Turn(turn).label), "arrow-path")


@register.simple_tag
def avatar(name: object, size: str = "") -> SafeString:
    """A disc with the initials, its hue chosen by the name; `size` "" (24 px), "small", "large".

    Decoration beside a printed name, so it is hidden from readers.
    """
    name = str(name)
    words = [word for word in name.split() if word[0].isalnum()] or [name[:1] or "?"]
    initials = (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()
    hue = zlib.crc32(name.encode()) % HUES
    return format_html(
        '<span class="avatar avatar--h{}{}" aria-hidden="true">{}</span>',
        hue,
        f" avatar--{size}" if size else "",
        initials,
    )


@register.simple_tag
def kbd(keys: str) -> SafeString:
    """A key, or keys pressed one after the other: "r", "g i", "Mod+Enter"."""
    marks = {"Mod": "Ctrl", "Enter": "↵", "Shift": "⇧"}
    parts = [[marks.get(k, k) for k in chord.split("+")] for chord in keys.split()]
    inner = format_html_join(" ", '<kbd class="kbd">{}</kbd>', (("+".join(p),) for p in parts))
    return format_html('<span class="keys" aria-hidden="true">{}</span>', inner)


@register.simple_tag
def when(value: datetime, style: str = "short") -> SafeString:
    """A moment in the reader's zone. Style "short" is relative ("9m", "3d", then the date) and
    kept fresh by `time.js`; "long" is weekday and clock time. The title is always exact.
    """
    local = timezone.localtime(value)
    words = ago(value) if style == "short" else format_date(local, "D j M, H:i")
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        local.isoformat(timespec="seconds"),
        exact(value),
        mark_safe(" data-ago") if style == "short" else "",
        words,
    )


def exact(value: datetime) -> str:
    """Day, time and zone of the reader."""
    return format_date(timezone.localtime(value), "D j M Y, H:i T")


def ago(value: datetime) -> str:
    """How long since, in one unit: "now", "9m", "5h", "3d"; older than a week: the date."""
    now = clock.now()
    if (seconds := (now - value).total_seconds()) < 60:  # noqa: PLR2004 (a minute)
        return _("now")
    if seconds < 7 * 86400:
        return span(timedelta(seconds=seconds)).split()[0]
    local = timezone.localtime(value)
    return format_date(local, "j M" if local.year == timezone.localtime(now).year else "j M Y")


@register.filter
def span(length: timedelta) -> str:
    """A length of time in its two largest units: "2d 3h", "1h 12m", "24m"."""
    minutes = int(abs(length.total_seconds()) // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = [
        (days, pgettext("unit of time", "{n}d")),
        (hours, pgettext("unit of time", "{n}h")),
        (minutes, pgettext("unit of time", "{n}m")),
    ]
    first = next((i for i, (n, _unit) in enumerate(units) if n), 2)
    kept = [unit.format(n=n) for n, unit in units[first : first + 2] if n] or [
        units[2][1].format(n=0)
    ]
    return " ".join(kept)


@register.simple_tag
def deadline(
    due: datetime, *, due_words: str, late_words: str, soon_at: datetime | None = None
) -> dict[str, str]:
    """Where a deadline stands: `state` running, soon or late, and the words that say so.

    `soon_at` is when it turns amber; without it, an hour before (ux.md 1.12).
    """
    now = clock.now()
    turns = soon_at or due - SOON
    state = "late" if now >= due else "soon" if now >= turns else "running"
    words = late_words if state == "late" else due_words
    return {
        "state": state,
        "words": words.replace("{left}", span(due - now)),
        "at": due.isoformat(timespec="seconds"),
        "exact": exact(due),
        "turns": turns.isoformat(timespec="seconds"),
    }


@register.simple_tag(takes_context=True)
def html_attributes(context: Context) -> SafeString:
    """Language, theme, density and keys for `<html>`, from cookies, so that nothing flashes."""
    request: HttpRequest | None = context.get("request")
    cookies = request.COOKIES if request else {}
    allowed = {"theme": ("light", "dark"), "density": ("compact", "comfortable"), "keys": ("off",)}
    chosen = [(name, cookies[name]) for name, ok in allowed.items() if cookies.get(name) in ok]
    return format_html(
        'lang="{}" dir="{}" data-units="{}"{}',
        get_language() or "en",
        "rtl" if get_language_bidi() else "ltr",
        " ".join(pgettext("unit of time", text) for text in ("{n}d", "{n}h", "{n}m")),
        format_html_join("", ' data-{}="{}"', chosen),
    )


@register.filter
def shell(request: HttpRequest | str) -> str:
    """The template under a page: htmx gets the body alone, all others the whole page."""
    htmx = getattr(request, "htmx", None)
    partial = htmx and not htmx.boosted and not htmx.history_restore_request
    return "fragment.html" if partial else "page.html"


@register.simple_tag(takes_context=True)
def toasts(context: Context) -> str:
    """The waiting messages as toasts; reading them uses them up."""
    request: HttpRequest | None = context.get("request")
    waiting = list(get_messages(request)) if request else []
    if not waiting:
        return ""
    return render_to_string("components/messages.html", {"waiting": waiting}, request=request)
