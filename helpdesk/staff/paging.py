"""Pages of a list, newest first, by keyset: no OFFSET and no count, however long it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tickets.inbox import PAGE, Cursor, beyond

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from helpdesk.http import StaffRequest


@dataclass(frozen=True, kw_only=True)
class Window:
    """Some rows, and the addresses of the pages beside them; "" where there is none."""

    rows: list[Any]
    newer: str = ""
    older: str = ""


def window(request: StaffRequest, rows: QuerySet[Any], *, at: str, size: int = PAGE) -> Window:
    """The page that the address asks for with `after` or `before`; other filters stay in it.

    `at` names the time the rows are ordered by.
    """
    after, before = (Cursor.parse(request.GET.get(key)) for key in ("after", "before"))
    if before and len(newer := _read(rows, at=at, size=size, before=before)) > size:
        page = newer[:size][::-1]
        return _window(request, page, at=at, has_newer=True, has_older=True)
    # The newest page is always a full one.
    after = None if before else after
    found = _read(rows, at=at, size=size, after=after)
    return _window(request, found[:size], at=at, has_newer=bool(after), has_older=len(found) > size)


def _read(
    rows: QuerySet[Any],
    *,
    at: str,
    size: int,
    after: Cursor | None = None,
    before: Cursor | None = None,
) -> list[Any]:
    order = (at, "pk") if before else (f"-{at}", "-pk")
    asked = beyond(rows, after=after, before=before, at=at, number="pk")
    return list(asked.order_by(*order)[: size + 1])


def _window(
    request: StaffRequest, found: list[Any], *, at: str, has_newer: bool, has_older: bool
) -> Window:
    if not found:
        return Window(rows=[])
    first, last = (Cursor(at=getattr(row, at), number=row.pk) for row in (found[0], found[-1]))
    return Window(
        rows=found,
        newer=_address(request, before=first) if has_newer else "",
        older=_address(request, after=last) if has_older else "",
    )


def _address(request: StaffRequest, **place: Cursor) -> str:
    kept = {key: request.GET[key] for key in request.GET if key not in {"after", "before"}}
    return f"?{urlencode({**kept, **{key: str(cursor) for key, cursor in place.items()}})}"
