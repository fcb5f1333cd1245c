"""The one table of statuses: what may follow what, what the customer is told (S2.2, S3.11)."""

import pytest

from tickets.states import LIVE_STATUSES, STATUSES, Marker, Status, Turn, marker_of, may_follow

OPEN, PENDING, WORKING, AWAITING, CLOSED, ABANDONED, INVALID = Status
LIVE = {OPEN, PENDING, WORKING, AWAITING}
ENDS = {CLOSED, ABANDONED, INVALID}

# Written out on purpose: a change of the table must be meant.
MOVES = {
    OPEN: {PENDING, WORKING, AWAITING} | ENDS,
    PENDING: {OPEN, WORKING, AWAITING} | ENDS,
    WORKING: {OPEN, PENDING, AWAITING} | ENDS,
    AWAITING: {OPEN, PENDING, WORKING} | ENDS,
    CLOSED: {OPEN, WORKING},
    ABANDONED: {OPEN, WORKING},
    INVALID: {OPEN, WORKING},
}


@pytest.mark.promise("S2.2")
@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_every_pair_is_decided(before, after):
    assert may_follow(before, after) == (after in MOVES[before])


def test_live_statuses_still_need_somebody():
    assert set(LIVE_STATUSES) == LIVE


@pytest.mark.promise("S2.2")
def test_only_endings_without_a_fix_demand_a_reason():
    assert {status for status in Status if STATUSES[status].needs_reason} == {ABANDONED, INVALID}


@pytest.mark.parametrize("status", ENDS)
def test_after_the_end_it_is_nobodys_turn(status):
    assert STATUSES[status].turn == Turn.NOBODY


def test_the_customer_sees_one_of_the_markers():
    assert [marker_of(status) for status in Status] == [
        Marker.RECEIVED,
        Marker.WORKED_ON,
        Marker.WORKED_ON,
        Marker.FIX_PROVIDED,
        Marker.RESOLVED,
        Marker.NO_FIX,
        Marker.NO_FIX,
    ]
