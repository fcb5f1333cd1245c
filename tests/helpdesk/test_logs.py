"""No secret reaches a log (security.md T11)."""

import pytest

from helpdesk.logs import hide_secrets


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ({"api_key": "k-123"}, {"api_key": "[hidden]"}),
        ({"session_id": 7}, {"session_id": "[hidden]"}),
        (
            {"request": "POST /account/password/reset/key/5-abc-def/?a=b"},
            {"request": "POST /account/password/reset/key/[hidden]/?a=b"},
        ),
        (
            {"event": "Not Found: /account/password/reset/key/5-abc-def"},
            {"event": "Not Found: /account/password/reset/key/[hidden]"},
        ),
        ({"event": "ticket_opened", "ticket": 7}, {"event": "ticket_opened", "ticket": 7}),
    ],
)
def test_what_lets_somebody_in_is_hidden(entry, shown):
    assert hide_secrets(None, "info", entry) == shown
