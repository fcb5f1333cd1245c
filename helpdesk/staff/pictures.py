"""Where pictures that stand in a text are fetched from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.urls import reverse

if TYPE_CHECKING:
    from tickets.models import Attachment


def pictures_in(body: str, files: Iterable[Attachment]) -> dict[str, str]:
    """The files that a Markdown text may show in its place, name to address.

    `files` is only read where the text has a picture at all.
    """
    if "![" not in body:
        return {}
    return {file.name: reverse("staff:attachment", args=[file.pk]) for file in files}
