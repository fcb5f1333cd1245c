"""How a queue signs its mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.email.letter import Look
from integrations.models import Letterhead, Naming

if TYPE_CHECKING:
    from tickets.models import Queue


def of(queue: Queue) -> Letterhead:
    """The letterhead of a queue; the defaults, unsaved, when nobody made one."""
    found = Letterhead.objects.select_related("logo").filter(queue=queue.pk).first()
    if found:
        found.queue = queue
    return found or Letterhead(queue=queue)


def name_in_from(letterhead: Letterhead, *, colleague: str) -> str:
    """What stands before the address in From."""
    names = {Naming.QUEUE: letterhead.name, Naming.COLLEAGUE: colleague}
    return names.get(Naming(letterhead.naming), f"{colleague} ({letterhead.name})")


def look_of(letterhead: Letterhead) -> Look:
    """What a letter remembers of it."""
    logo = letterhead.logo
    return Look(
        accent=letterhead.accent,
        logo=logo.pk if logo else None,
        logo_sha256=bytes(logo.sha256).hex() if logo else "",
        logo_text=letterhead.logo_text or letterhead.name,
    )
