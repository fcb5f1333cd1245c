"""Files that come with a form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from tickets.attachments import MOST_TOGETHER
from tickets.content import NewFile

if TYPE_CHECKING:
    from django.http import HttpRequest


LIMIT = MOST_TOGETHER


class TooLarge(Exception):
    """The files are larger than a message may carry; `str()` says by how much."""


def files_of(request: HttpRequest) -> list[NewFile]:
    """The files of the field `files`. Raises TooLarge."""
    uploaded = [file for file in request.FILES.getlist("files") if file.name]
    size = sum(file.size or 0 for file in uploaded)
    if size > LIMIT:
        raise TooLarge(
            _("The files are %(size)s together, and %(limit)s is the most. Choose fewer.")
            % {"size": filesizeformat(size), "limit": filesizeformat(LIMIT)}
        )
    return [
        NewFile(name=file.name or "", content_type=file.content_type or "", data=file.read())
        for file in uploaded
    ]
