"""When the demo will not load it says why, and it leaves nothing half done."""

import pytest
from django.core.management import CommandError, call_command

from helpdesk.demo import load, logins, scripts
from tests.factories import make_ticket
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_development(settings):
    settings.DEBUG = True


def _manage(*arguments):
    call_command("demo", *arguments)


def test_it_keeps_out_of_a_database_with_tickets():
    make_ticket()
    with pytest.raises(CommandError, match="--force"):
        _manage()
    assert Ticket.objects.count() == 1


def test_it_keeps_out_of_production(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="passwords are public"):
        _manage()


def test_interrupted_half_way_it_leaves_nothing_and_can_run_again(monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(load.finish, "touch_up", interrupted)
    monkeypatch.setattr(load, "read_all", lambda: scripts.read_all()[:2])
    with pytest.raises(KeyboardInterrupt):
        load.load()
    assert not load.is_loaded()
    assert not Ticket.objects.exists()


def test_before_it_is_loaded_no_logins_are_told(capsys):
    _manage("--logins")
    assert capsys.readouterr().out == ""
    with pytest.raises(CommandError, match="no staff login"):
        _manage("--code", "mara@helpdesk.example")


def test_codes_have_six_digits():
    assert len(logins.code()) == 6


def test_a_word_without_a_value_is_an_error():
    with pytest.raises(KeyError):
        scripts.fill("Hello {{nobody}}", {})
