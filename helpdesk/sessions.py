"""Sessions in PostgreSQL, asked for only by names that could be a session's."""

from __future__ import annotations

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Django's own; a cookie that holds anything but letters and digits names no session.

    A quoted cookie may carry NUL, which PostgreSQL refuses: that is nobody signed in, no error.
    """

    def _validate_session_key(self, key: str | None) -> bool:
        valid = super()._validate_session_key(key)  # type: ignore[misc] # not in the stubs
        return bool(valid) and str(key).isalnum()
