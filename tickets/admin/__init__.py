"""Configuration pages: people, access, queues and words.

Tickets, messages and annotations are not here on purpose: they change by `tickets.actions` alone
(security.md C13).
"""

from tickets.admin import contacts, jobs, organisations, queues, teams, users, words

__all__ = ["contacts", "jobs", "organisations", "queues", "teams", "users", "words"]
