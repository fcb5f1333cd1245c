"""`.venv` is whole or made again; what is missing is told in a sentence."""

import json

import pytest

from helpdesk.launcher import install


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Where nothing is installed for real; gives the sets that would have been."""
    made = []
    monkeypatch.setattr(install, "MARK", str(tmp_path / "mark.json"))
    monkeypatch.setattr(install, "make_venv", lambda: None)
    monkeypatch.setattr(install, "sync", made.append)
    return made


def test_a_finished_installation_is_not_repeated(calls):
    install.install("run")
    install.install("run")
    assert calls == ["run"]


def test_a_cut_short_installation_is_repaired(calls, monkeypatch):
    def cut(_name):
        raise KeyboardInterrupt

    install.install("run")
    monkeypatch.setattr(install, "sync", cut)
    with pytest.raises(KeyboardInterrupt):
        install.install("dev")
    assert install.installed() == {}
    monkeypatch.setattr(install, "sync", calls.append)
    install.install("run")
    assert calls == ["run", "run"]


def test_running_does_not_remove_what_testing_needs(calls):
    install.install("dev")
    install.install("run")
    assert calls == ["dev"]


def test_a_new_lock_is_installed(calls):
    install.install("run")
    with open(install.MARK, "w") as file:
        json.dump({"set": "run", "lock": "older"}, file)
    install.install("run")
    assert calls == ["run", "run"]


def test_an_old_python_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(install, "OLDEST", (99, 0))
    monkeypatch.setattr(install, "NEWER", ("no-such-python",))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed.*apt install"):
        install.use_new_python()
