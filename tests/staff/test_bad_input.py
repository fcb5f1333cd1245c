"""Numbers no form of ours carries: taken as none, an error never."""

import pytest

NUMBERS = ["9" * 19, "9" * 5000, "-1", "٣", "0", "1\x00"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    ("door", "field"),
    [
        ("take", "version"),
        ("status", "version"),
        ("assign", "user"),
        ("labels", "labels"),
        ("links", "target"),
        ("reply", "cc"),
        ("reply", "last_seen_event"),
        ("reply", "remove"),
    ],
)
def test_a_number_beyond_all_bounds_is_no_error(agent, ticket, door, field, number):
    data = {"visibility": "public", "body": "Hello", field: number}
    assert agent.client.post(f"/t/{ticket.pk}/{door}/", data).status_code in {302, 409, 422}


@pytest.mark.parametrize("number", NUMBERS)
def test_a_notice_nobody_has_is_no_error(agent, number):
    assert agent.client.post("/notifications/read/", {"notice": number}).status_code == 302
