"""The kinds of channel: one line each, loaded on first use."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from integrations.base import Adapter


class Kind(NamedTuple):
    """How a kind of channel is called, and where its adapter is."""

    label: str | Promise
    path: str


KINDS: dict[str, Kind] = {
    "email": Kind(_("Email"), "integrations.email.adapter.EmailAdapter"),
}


@cache
def adapter(kind: str) -> Adapter:
    """The adapter of a kind. Raises KeyError for a kind nobody registered."""
    made: Adapter = import_string(KINDS[kind].path)()
    return made
