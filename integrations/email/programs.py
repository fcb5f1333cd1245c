"""Signs of programs that write mail: monitors, trackers, shops, newsletters, other helpdesks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from integrations.email import headers

if TYPE_CHECKING:
    from email.message import Message

# Headers, or their beginnings, that programs name themselves by.
_NAMED = re.compile(
    r"x-(?:github|gitlab|jira|atlassian|confluence|jenkins|bugzilla|redmine|trac|phabricator|gerrit"
    r"|nagios|zabbix|sentry|bitbucket|azuredevops|cron|rt-loop|rt-originator|otrs-loop|znuny"
    r"|zammad|freescout|freshdesk|zendesk|helpscout|osticket|launchpad|debian-pr|gnats|rss)"
    r"(?:-.*)?|rt-ticket|managed-by|x-list-administrivia|x-mailman-version|x-beenthere"
    r"|x-ms-exchange-generated-message-source|x-fc-machinegenerated|x-campaign(?:-?id)?"
    r"|x-mailing-list|x-mc-user|x-mailgun-(?:sid|tag)|x-sg-eid|feedback-id|x-csa-complaints",
    re.IGNORECASE,
)
_WRITERS = re.compile(
    r"""(?:[\w.+-]*[.+_-])?(?:
      no[._-]?-?reply|do[._-]?not[._-]?(?:reply|respond)|don[._-]?t[._-]?reply|bounces?
    | notifications?|notify|alerts?|auto(?:mailer|mated|matic|responder|reply|[._-]?confirm)
    | mail(?:er)?[._-]?daemon|postmaster|nagios|zabbix|cron|root|www-data|listserv|majordomo
    | mailman|newsletter|nicht[._-]?antworten|keine[._-]?antwort|ne[._-]?pas[._-]?r[eé]pondre
    | no[._-]?responder|n[aã]o[._-]?responda|non[._-]?rispondere|geen[._-]?antwoord
    | niet[._-]?(?:be)?antwoorden|nie[._-]?odpowiadaj|ikke[._-]?svar|svara[._-]?(?:ej|inte)
    | [aä]l[aä][._-]?vastaa|yanitlamayin|undisclosed-recipients
    )(?:[.+=_-][^@]*)?@
    | owner-[^@]*@ | [^@]*-(?:request|owner|relay|bounces|outgoing|confirm)@""",
    re.IGNORECASE | re.VERBOSE,
)
# Of X-Auto-Response-Suppress: those that ask for no answer of ours. Others (DR, RN, NRN) are
# about receipts, and people's mail programs set them too (MS-OXCMAIL, 2.2.3.2.14).
_NO_ANSWER = {"all", "oof", "autoreply"}


def is_program(message: Message, *, address: str) -> bool:
    """Whether something says that a program wrote it, or that nobody reads an answer."""
    return (
        any(_NAMED.fullmatch(name) for name in message.keys())  # noqa: SIM118 - not a dict
        or bool(_WRITERS.match(address.strip("<> ")))
        or bool(_NO_ANSWER & _suppressed(message))
        or headers.value_of(message, "X-Loop").lower() in {"yes", "true"}
        or headers.value_of(message, "X-Precedence").lower() in {"bulk", "junk"}
    )


def _suppressed(message: Message) -> set[str]:
    said = headers.value_of(message, "X-Auto-Response-Suppress").lower()
    return set(re.split(r"[,;\s]+", said))
