"""A missing or unsafe value ends the program with one line that names it."""

import base64
from pathlib import Path

import pytest

from helpdesk import env

KEY = base64.b64encode(b"k" * 32).decode()


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("Yes", True), ("off", False), ("", False)]
)
def test_bool_reads_words(monkeypatch, text, value):
    monkeypatch.setenv("X", text)
    assert env.env_bool("X", default=not value) is value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda: env.env_text("X"), ""),
        (lambda: env.env_bool("X", default=False), "perhaps"),
        (lambda: env.env_int("X", default=1), "-3"),
        (lambda: env.env_int("X", default=1, least=2), "1"),
        (lambda: env.env_list("X"), ""),
        (lambda: env.env_choice("X", choices=["a"], default="a"), "b"),
        (lambda: env.env_secret_key("X"), "short"),
        (lambda: env.env_secret_key("X"), "a" * 60),
        (lambda: env.env_secret_key("X"), "django-insecure-" + KEY),
        (lambda: env.env_keys("X"), "bm90IHRoaXJ0eS10d28="),
        (lambda: env.env_keys("X"), f"{KEY},{KEY}"),
        (lambda: env.env_keys("X"), "ü"),
        (lambda: env.env_url("X", schemes=["https"]), "http://desk.example"),
        (lambda: env.env_url("X", schemes=["https"]), "https://desk.example:port"),
        (lambda: env.env_url("X", schemes=["https"]), "https://[desk"),
        (lambda: env.env_address("X", default="a:1"), "2525"),
        (lambda: env.env_address("X", default="a:1"), "host:99999"),
        (lambda: env.env_database("X", options={}), "mysql://localhost/helpdesk"),
        (lambda: env.env_database("X", options={}), "postgres://localhost"),
    ],
)
def test_bad_values_end_in_one_line_that_names_the_variable(monkeypatch, read, text):
    monkeypatch.setenv("X", text)
    with pytest.raises(env.BadSetting) as caught:
        read()
    message = str(caught.value)
    assert message.startswith("X ")
    assert "\n" not in message


def test_errors_never_repeat_a_secret(monkeypatch):
    monkeypatch.setenv("X", "mysql://user:hunter2@localhost/helpdesk")
    with pytest.raises(env.BadSetting) as caught:
        env.env_database("X", options={})
    assert "hunter2" not in str(caught.value)


def test_secret_comes_from_a_file(monkeypatch, tmp_path):
    file = Path(tmp_path / "secret")
    file.write_text(" from-a-file\n")
    monkeypatch.setenv("X_FILE", str(file))
    assert env.env_secret("X") == "from-a-file"
    monkeypatch.setenv("X_FILE", str(tmp_path / "nothing"))
    with pytest.raises(env.BadSetting, match="X_FILE cannot be read"):
        env.env_secret("X")


def test_first_key_encrypts_and_all_decrypt(monkeypatch):
    other = base64.b64encode(b"o" * 32).decode()
    monkeypatch.setenv("X", f"{KEY}, {other}")
    assert env.env_keys("X") == [b"k" * 32, b"o" * 32]


def test_database_url_with_socket_and_quoted_password(monkeypatch):
    monkeypatch.setenv("X", "postgres://me:p%40ss@/desk?host=%2Frun%2Fpg&sslmode=require")
    database = env.env_database("X", options={"connect_timeout": 5})
    assert database["HOST"] == "/run/pg"
    assert (database["USER"], database["PASSWORD"], database["NAME"]) == ("me", "p@ss", "desk")
    assert database["OPTIONS"] == {"connect_timeout": 5, "sslmode": "require"}


def test_address_with_ipv6(monkeypatch):
    monkeypatch.setenv("X", "[::1]:25")
    assert env.env_address("X", default="a:1") == ("::1", 25)
