"""Markdown as text that reads well without any program for it: what a plain mail shows.

Emphasis, code and lists stand as people type them; links show where they lead, quotes have their
mark, tables stand in columns.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from urllib.parse import unquote

from markdown_it.tree import SyntaxTreeNode

from tickets import rendering

_RULE = "-" * 40
_WIDEST_TABLE = 90
_UNDERLINES = {"h1": "=", "h2": "-"}
_MAILTO = "mailto:"


def text_of(markdown: str) -> str:
    """The text; what is too large to be read as Markdown stays as it was typed."""
    tree = rendering.markdown_tree(markdown)
    return markdown.strip() if tree is None else _blocks(tree.children)


def quoted(text: str) -> str:
    """A text with the mark of a quote before each line (RFC 3676, 4.5)."""
    return "\n".join(
        f"> {line}" if line and line[0] != ">" else f">{line}" for line in text.split("\n")
    )


def _blocks(nodes: Iterable[SyntaxTreeNode], *, between: str = "\n\n") -> str:
    return between.join(filter(None, map(_block, nodes)))


def _block(node: SyntaxTreeNode) -> str:
    if write := _BLOCKS.get(node.type):
        return write(node)
    return _blocks(node.children) if node.children else _inline([node])


def _heading(node: SyntaxTreeNode) -> str:
    words = _inline(node.children)
    mark = _UNDERLINES.get(node.tag)
    return f"{words}\n{mark * min(_width(words), 60)}" if mark else words


def _list(node: SyntaxTreeNode) -> str:
    start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
    # Between items of paragraphs stands an empty line, as it was typed.
    parts = [part for item in node.children for part in item.children]
    loose = any(part.type == "paragraph" and not part.hidden for part in parts)
    items = []
    for number, item in enumerate(node.children):
        mark = "- " if start is None else f"{start + number}. "
        inside = _blocks(item.children, between="\n\n" if loose else "\n")
        items.append(_indented(inside, " " * len(mark), first=mark))
    return ("\n\n" if loose else "\n").join(items)


def _indented(text: str, by: str, *, first: str) -> str:
    lines = text.split("\n")
    return "\n".join([first + lines[0], *(by + line if line else "" for line in lines[1:])])


def _inline(nodes: Iterable[SyntaxTreeNode]) -> str:
    return "".join(map(_piece, nodes))


def _piece(node: SyntaxTreeNode) -> str:
    write = _PIECES.get(node.type)
    return write(node) if write else node.content


def _link(node: SyntaxTreeNode) -> str:
    words, target = _inline(node.children), str(node.attrs.get("href", ""))
    shown = target.removeprefix(_MAILTO)
    is_itself = words in {target, shown} or target.endswith(f"//{words}")
    # A link that was typed as its address is not repeated.
    if is_itself or node.markup in {"linkify", "autolink"}:
        return shown if node.markup == "autolink" else words
    return f"{words} <{shown}>"


def _picture(node: SyntaxTreeNode) -> str:
    """What a picture shows or is called; one from elsewhere is a link."""
    source = str(node.attrs.get("src", ""))
    if "://" in source:
        return f"{node.content} <{source}>".strip()
    return f"[{node.content or unquote(source)}]"


def _table(node: SyntaxTreeNode) -> str:
    rows = [
        [_inline(cell.children).replace("\n", " ") for cell in row.children]
        for part in node.children
        for row in part.children
    ]
    columns = range(max(map(len, rows)))
    widths = [max(_width(row[at]) for row in rows if at < len(row)) for at in columns]
    if sum(widths) + 3 * len(widths) > _WIDEST_TABLE:
        return _as_records(rows)
    lines = [
        " | ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-+-".join("-" * width for width in widths), *lines[1:]])


def _as_records(rows: list[list[str]]) -> str:
    """A table too wide for a screen: each row as lines of name and value."""
    heads, *rest = rows
    return "\n\n".join(
        "\n".join(f"{head}: {cell}" for head, cell in zip(heads, row, strict=False)) for row in rest
    )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns on a screen: signs of East Asia take two, marks above others none."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


_BLOCKS: dict[str, Callable[[SyntaxTreeNode], str]] = {
    "paragraph": lambda node: _inline(node.children),
    "heading": _heading,
    "bullet_list": _list,
    "ordered_list": _list,
    "blockquote": lambda node: quoted(_blocks(node.children)),
    "fence": lambda node: _indented(node.content.rstrip("\n"), "    ", first="    "),
    "code_block": lambda node: _indented(node.content.rstrip("\n"), "    ", first="    "),
    "hr": lambda _node: _RULE,
    "table": _table,
}
_MARKED = dict.fromkeys(
    ("strong", "em", "s"), lambda node: f"{node.markup}{_inline(node.children)}{node.markup}"
)
_PIECES: dict[str, Callable[[SyntaxTreeNode], str]] = {
    **_MARKED,
    "inline": lambda node: _inline(node.children),
    "softbreak": lambda _node: "\n",
    "hardbreak": lambda _node: "\n",
    "code_inline": lambda node: f"{node.markup}{node.content}{node.markup}",
    "link": _link,
    "image": _picture,
}
