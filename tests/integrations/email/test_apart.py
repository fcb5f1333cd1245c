"""A suspicious mail is read by a child process; when that dies, the mail waits for a person."""

import pickle
import sys

import pytest

from integrations import inbound
from integrations.base import CannotParse
from integrations.email import apart, limits
from integrations.email.parse import parse
from integrations.models import InboundState
from tests.integrations.mail import keep, make_channel, make_mail

DEEP = (
    b"From: Ann <ann@x.example>\nSubject: deep\nDate: Tue, 05 Mar 2024 10:00:00 +0100\n"
    + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(15)
    )
    + b"Content-Type: text/plain; charset=utf-8\n\nGr\xc3\xbc\xc3\x9fe\n"
)
EATS = "import sys; sys.stdin.buffer.read(); x = [b'x' * 2**20 for _ in range(2**12)]"
SPINS = "import sys; sys.stdin.buffer.read(); exec('while True: pass')"
BOUND = "import resource as r; r.setrlimit(r.RLIMIT_{0}, ({1}, {1})); "


def command(program):
    return [sys.executable, "-c", program]


def test_what_the_child_reads_is_what_we_would_have_read(monkeypatch):
    assert limits.check(DEEP).is_suspicious
    found = parse(DEEP, envelope={"mail_from": "x@y.example"})
    monkeypatch.setattr(limits.Weight, "is_suspicious", False)
    assert found == parse(DEEP, envelope={"mail_from": "x@y.example"})
    assert (found.subject, found.text) == ("deep", "Grüße\n")


def test_an_ordinary_mail_needs_no_child():
    assert not limits.check(make_mail()).is_suspicious


def test_a_refusal_comes_back_in_words():
    with pytest.raises(CannotParse, match="no mail") as caught:
        apart.parse(b"\x00\xff", envelope={})
    assert caught.value.reason == "unparsable"


@pytest.mark.promise("S4.13")
@pytest.mark.parametrize(
    "bounds",
    [
        apart.Bounds(memory=48 * 1024**2),
        apart.Bounds(wall_s=0),
    ],
)
def test_a_child_that_takes_too_much_is_stopped(bounds):
    with pytest.raises(apart.TooHeavy, match="was stopped"):
        apart.parse(DEEP, envelope={}, bounds=bounds)


@pytest.mark.parametrize(
    "program", [BOUND.format("AS", 256 * 1024**2) + EATS, BOUND.format("CPU", 1) + SPINS]
)
def test_a_child_that_dies_of_its_limits_is_too_heavy(program):
    with pytest.raises(apart.TooHeavy):
        apart.parse(DEEP, envelope={}, command=command(program))


def test_a_child_that_fails_for_no_fault_of_the_mail_is_tried_again():
    with pytest.raises(RuntimeError, match="boom"):
        apart.parse(DEEP, envelope={}, command=command("raise SystemExit('boom')"))


class Trick:
    def __reduce__(self):
        return (print, ("pwned",))


def test_nothing_but_plain_data_is_taken_from_a_child():
    answer = b"read\n" + pickle.dumps(Trick())
    program = f"import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write({answer!r})"
    with pytest.raises(pickle.UnpicklingError, match="print"):
        apart.parse(DEEP, envelope={}, command=command(program))


@pytest.mark.django_db
@pytest.mark.promise("S4.13")
def test_a_bomb_is_held_with_its_reason_and_others_are_read(monkeypatch):
    channel = make_channel()
    bomb, other = keep(DEEP, channel), keep(make_mail(), channel)
    monkeypatch.setattr(apart.Bounds, "__init__", _tiny)
    held = inbound.process(bomb.pk)
    assert (held.state, held.reason) == (InboundState.HELD, "too_heavy")
    assert "was stopped" in held.error
    assert inbound.process(other.pk).state == InboundState.DONE


def _tiny(self):
    for name, value in {"memory": 48 * 1024**2, "cpu_s": 20, "wall_s": 40}.items():
        object.__setattr__(self, name, value)
