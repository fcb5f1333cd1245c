"""The two bodies of an outgoing mail: text as typed, and HTML that mail programs show well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nh3
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from tickets import rendering

if TYPE_CHECKING:
    from integrations.email.letter import Letter

# Mail programs drop style sheets, so the few looks there are stand on each element.
_QUIET = "border-left:3px solid #d0d4da;margin:0 0 1em;padding:0 0 0 12px;color:#57606a"
_CODE = "font-family:Consolas,Menlo,monospace;font-size:90%;background:#f3f4f6"
_CELL = "border:1px solid #d0d4da;padding:4px 8px;text-align:left"
_STYLES = {
    "p": "margin:0 0 1em",
    "ul": "margin:0 0 1em;padding-left:24px",
    "ol": "margin:0 0 1em;padding-left:24px",
    "blockquote": _QUIET,
    "pre": f"{_CODE};padding:10px;margin:0 0 1em;white-space:pre-wrap",
    "code": _CODE,
    "table": "border-collapse:collapse;margin:0 0 1em",
    "th": _CELL,
    "td": _CELL,
    "a": "color:#0b57d0",
}


def text(letter: Letter) -> str:
    """The plain part: the Markdown as typed, and the footer below a signature mark."""
    return _rendered(letter, "message.txt", body=SafeString(letter.body.strip()))


def html(letter: Letter) -> str:
    """The HTML part: safe by the same rules as pages."""
    return _rendered(letter, "message.html", body=_styled(rendering.markdown_html(letter.body)))


def _rendered(letter: Letter, name: str, *, body: SafeString) -> str:
    with translation.override(letter.language):
        return render_to_string(f"{letter.templates}/{name}", {"letter": letter, "body": body})


def _styled(html: SafeString) -> SafeString:
    return SafeString(_styler.clean(html))


_styler = nh3.Cleaner(
    tags=rendering.TAGS,
    attributes={**rendering.ATTRIBUTES, **{tag: {"style"} for tag in _STYLES}},
    set_tag_attribute_values={tag: {"style": style} for tag, style in _STYLES.items()},
    url_schemes=rendering.SCHEMES,
    link_rel=None,
)
