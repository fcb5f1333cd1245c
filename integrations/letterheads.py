"""How a queue signs its mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
