"""Who can sign in to the demo and how."""

from __future__ import annotations

import time

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from helpdesk.demo import people
from helpdesk.demo.house import email_of


def table() -> str:
    """Email, password and role of everybody, in columns, and how staff get their code."""
    rows = [(email_of(colleague.handle), colleague.role) for colleague in people.STAFF]
    rows += people.CUSTOMER_LOGINS
    width = max(len(email) for email, _role in rows)
    lines = [f"{email:<{width}}  {people.PASSWORD}  {role}" for email, role in rows]
    ask = f'Staff are asked for a code: make manage ARGS="demo --code {rows[0][0]}"'
    return "\n".join(["Logins (email, password, role):", *lines, ask])


def code() -> str:
    """The code that the authenticator of every demo login shows now."""
    counter = int(time.time()) // app_settings.TOTP_PERIOD
    return str(format_hotp_value(hotp_value(people.TOTP_SECRET, counter)))
