"""Mails of our own making, the well-formed next to the broken, each with what it says.

Every module adds cases of one sort; `CASES` has them all by name.
"""

from tests.integrations.corpus import bombs, encodings, files, headers, markup, senders, structure
from tests.integrations.corpus.case import Case

_MODULES = (headers, senders, encodings, structure, files, markup, bombs)
CASES: dict[str, Case] = {
    f"{module.__name__.rpartition('.')[2]}-{name}": case
    for module in _MODULES
    for name, case in module.CASES.items()
}
