"""Plain parts that only say that there is an HTML part."""

from __future__ import annotations

from integrations.email.quotes.languages import words
from integrations.email.quotes.page import bare

_LONGEST = 400


def is_stub(text: str) -> bool:
    """Whether a plain part says nothing but that one should read the HTML part instead."""
    if len(text) > _LONGEST:
        return False
    line = bare(text)
    return "html" in line and any(stub in line for stub in words().stubs if stub != "html")
