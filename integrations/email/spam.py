"""What a provider's filter said in the headers it adds.

Only "this is spam" is read, never "this is none": a sender who writes such a header harms nobody
but themselves, so it counts wherever it stands. Which channels honour it is `accepting`'s.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from integrations.email import headers

if TYPE_CHECKING:
    from email.message import Message

# Header and the values that say so; of several filters one is enough, of one its newest word.
_YES = re.compile(r"\s*(?:yes|true|1|spam)\b", re.IGNORECASE)
_SAYS: dict[str, re.Pattern[str]] = {
    # SpamAssassin, Rspamd, Barracuda, OVH, Vade, DSPAM, bogofilter, CRM114, Google Workspace.
    **dict.fromkeys(
        (
            *("x-spam-flag", "x-spam-status", "x-spam", "x-spam-flagged", "x-spam-result"),
            *("x-barracuda-spam-status", "x-barracuda-spam-flag", "x-vr-spamstate"),
            *("x-vade-spamstate", "x-dspam-result", "x-bogosity", "x-crm114-status"),
            *("x-gm-spam", "x-gm-phishy", "x-is-spam", "x-isspam", "x-proxad-spam"),
        ),
        _YES,
    ),
    **dict.fromkeys(
        ("x-rspamd-action", "x-spam-action"),
        re.compile(
            r"\s*(?:reject|add[ _]header|rewrite[ _]subject|quarantine|spam)", re.IGNORECASE
        ),
    ),
    # Exchange: a confidence from 5 up, or the filter's verdict.
    "x-ms-exchange-organization-scl": re.compile(r"\s*[5-9]\s*$"),
    "x-microsoft-antispam-mailbox-delivery": re.compile(r".*\bdest:j\b", re.IGNORECASE),
    "x-forefront-antispam-report": re.compile(
        r"(?:.*;)?\s*(?:SCL:[5-9]|SFV:(?:SPM|SKB|SKS)|CAT:(?:SPM|HSPM|PHSH|HPHISH|MALW))\s*(?:;|$)",
        re.IGNORECASE,
    ),
    "x-yandex-spam": re.compile(r"\s*4\s*$"),
    "x-mailscanner-spamcheck": re.compile(r"\s*spam\b", re.IGNORECASE),
}


def is_marked(message: Message) -> bool:
    """Whether a filter on its way called the mail spam."""
    return any(
        says.match(value)
        for name, says in _SAYS.items()
        if (value := headers.value_of(message, name))
    )
