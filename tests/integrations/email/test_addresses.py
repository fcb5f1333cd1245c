"""One canonical address or none (security.md M06)."""

import pytest

from integrations.email import addresses
from tests.work import lines_run

ONE = [
    ("ann@x.example", "ann@x.example", ""),
    ("<ann@x.example>", "ann@x.example", ""),
    ("Ann <ann@x.example>", "ann@x.example", "Ann"),
    ("Ann <Ann@X.Example>", "ann@x.example", "Ann"),
    ('"Doe, Ann" <ann@x.example>', "ann@x.example", "Doe, Ann"),
    ('"Ann \\"A\\" Doe" <ann@x.example>', "ann@x.example", 'Ann "A" Doe'),
    ("'Ann' <ann@x.example>", "ann@x.example", "Ann"),
    ("ann@x.example (Ann Doe)", "ann@x.example", "Ann Doe"),
    ("Ann (work) <ann@x.example>", "ann@x.example", "Ann"),
    ("Ann <ann@x.example> (nested (comment))", "ann@x.example", "Ann"),
    ('"ceo@corp.example" <ann@x.example>', "ann@x.example", "ceo@corp.example"),
    ("ann@x.example <ann@x.example>", "ann@x.example", "ann@x.example"),
    ("=?utf-8?q?J=C3=B6rg?= <j@x.example>", "j@x.example", "Jörg"),
    ("=?iso-8859-1?b?SvZyZw==?= =?utf-8?q?_M?= <j@x.example>", "j@x.example", "Jörg M"),
    ('"=?utf-8?q?J=C3=B6rg?=" <j@x.example>', "j@x.example", "Jörg"),
    ("Jörg <jörg@straße.example>", "jörg@straße.example", "Jörg"),
    ("用户@例子.广告", "用户@例子.广告", ""),
    ("a@xn--mnchen-3ya.example", "a@xn--mnchen-3ya.example", ""),
    ("o'hara+tag/x=y@x.example", "o'hara+tag/x=y@x.example", ""),
    ("foo..bar.@docomo.example", "foo..bar.@docomo.example", ""),
    ("root@localhost", "root@localhost", ""),
    ("ann@[192.0.2.1]", "ann@[192.0.2.1]", ""),
    ("ann@host_name.example", "ann@host_name.example", ""),
    ("ann@x.example, Ann <ANN@x.example>", "ann@x.example", ""),
    ("ann@x.example,", "ann@x.example", ""),
    ("Ann\t<ann@x.example>", "ann@x.example", "Ann"),
]
NONE = [
    "",
    " ",
    ",",
    "Ann",
    "<>",
    "undisclosed-recipients:;",
    "Team: ann@x.example;",
    "Team: ann@x.example, bob@x.example;",
    "ann@x.example, bob@y.example",
    "alice@example.org)bob@example.com",
    "alice@example.org(<bob@example.com>",
    "alice@example.org <bob@example.com>",
    "alice@example.org,<bob@example.com>",
    "<alice@example.org> <bob@example.com>",
    "<alice@example.org>bob@example.com",
    "<alice@example.org",
    "alice@example.org>",
    "<<alice@example.org>>",
    "ann(c)@x.example",
    "ann@(c)x.example",
    "ann@x.example(c)bob",
    "(ann@x.example",
    '"bob@evil.example"@x.example',
    '"bob"@x.example',
    '"ann@x.example',
    "ann @x.example",
    "ann@x .example",
    "ann bob@x.example",
    "ann@@x.example",
    "ann@x@y.example",
    "ann@",
    "@x.example",
    "ann@x..example",
    "ann@.x.example",
    "ann@x.example.",
    "ann@-x.example",
    "ann\\@x.example",
    "<@relay.example:ann@x.example>",
    "=?utf-8?q?ann=40x.example?=",
    "=?utf-8?q?ann=40x.example=3E?=@evil.example",
    "ann@ti\u212aet.example",
    "ann@ｅxample.com",
    "\u212aann@x.example",
    "ann\u200b @x.example",
    "x" * 300 + "@x.example",
]


@pytest.mark.promise("S4.13")
@pytest.mark.parametrize(("value", "address", "name"), ONE)
def test_one_canonical_address(value, address, name):
    found = addresses.author_of([value])
    assert (found.external_id, found.name) == (address, name)


@pytest.mark.promise("S4.13")
@pytest.mark.parametrize("value", NONE)
def test_or_none(value):
    assert addresses.author_of([value]) is None


def test_two_from_headers_name_nobody_unless_they_agree():
    assert addresses.author_of(["ann@x.example", "bob@x.example"]) is None
    assert addresses.author_of(["ann@x.example", "Ann <ann@x.example>"])
    assert addresses.author_of([]) is None


def test_recipients_that_cannot_be_read_are_left_out():
    found = addresses.everybody_in(["Team: a@x.example, B <b@x.example>;, <c@", "a@x.example"])
    assert [person.external_id for person in found] == ["a@x.example", "b@x.example"]


def test_an_unreadable_sender_still_has_a_name():
    assert addresses.name_of(["Ann <ann@>"]) == "Ann"


@pytest.mark.parametrize("unit", ["(", '"', "<", "a,", "\\", ":", "(a)", "@", "=?a?q?x?="])
def test_work_grows_with_the_length_alone(unit):
    short, long = (
        lines_run(addresses.people_in, unit * (size // len(unit))) for size in (2_000, 20_000)
    )
    # Ten times the length is ten times the work; a hundred would be the attack.
    assert long <= 11 * short


@pytest.mark.parametrize("unit", ["(", '"', "<", "a,", "\\", ":", "(a)", "@", "=?a?q?x?=", "a@b "])
def test_the_longest_header_is_read_to_its_end(unit):
    # What the lines above do not count (a search of the library that goes back and forth) would
    # keep this one busy until the runner's own limit ends it.
    addresses.people_in(unit * (64 * 1024 // len(unit)))
