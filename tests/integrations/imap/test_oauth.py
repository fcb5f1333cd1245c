"""Mailboxes that take a token instead of a password, against a token server of ours."""

import base64
import json
import ssl
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
from aiosmtpd.smtp import AuthResult
from werkzeug import Response

from integrations import sealed
from integrations.base import DeliveryError
from integrations.email import oauth, smtp
from integrations.email.check import check
from tests.integrations import sink
from tests.integrations.imap.conftest import configure
from tests.integrations.imap.scripted import Script, speaking
from tests.integrations.imap.test_fetch import mails, stored
from tests.integrations.mail import make_channel
from tests.integrations.tls import write_certificate

pytestmark = pytest.mark.django_db
SENT = mails(2)
WHY = b'{"status":"400","schemes":"bearer","scope":"https://mail.example/"}'


class Bearer(Script):
    """An IMAP server that lets in who has a token it knows, as Google and Microsoft do."""

    good = {"token-1"}

    def answer(self, tag, command):
        if not command.startswith(b"AUTHENTICATE"):
            return super().answer(tag, command)
        self.pending = tag
        return b"+ \r\n"

    def challenged(self, tag, _command):
        """The client's answer to a challenge comes as a line without a tag."""
        tag_of_login = getattr(self, "pending", b"")
        if not tag_of_login:
            return None
        said = base64.b64decode(tag or b"").decode()
        if any(f"auth=Bearer {token}\1" in said for token in self.good):
            self.pending = b""
            return tag_of_login + b" OK Welcome\r\n"
        if "auth=Bearer" in said:
            return b"+ " + base64.b64encode(WHY) + b"\r\n"
        self.pending = b""
        return tag_of_login + b" NO [AUTHENTICATIONFAILED] Invalid credentials\r\n"


@pytest.fixture(params=["XOAUTH2", "OAUTHBEARER"])
def script(request):
    oauth._kept.clear()
    bearer = Bearer(dict(enumerate(SENT, start=1)))
    bearer.capabilities = b"IMAP4rev1 AUTH=" + request.param.encode()
    bearer.instead = bearer.challenged
    with speaking(bearer) as running:
        yield running


@pytest.fixture
def asked(httpserver):
    """What the token server was asked; it answers from `answers`, then with token-1."""
    asked = SimpleNamespace(forms=[], answers=[])

    def answer(request):
        asked.forms.append({k: v[0] for k, v in parse_qs(request.get_data(as_text=True)).items()})
        default = (200, {"access_token": "token-1", "expires_in": 3600})
        status, said = asked.answers.pop(0) if asked.answers else default
        return Response(json.dumps(said), status, content_type="application/json")

    httpserver.expect_request("/token").respond_with_handler(answer)
    return asked


@pytest.fixture
def channel(script, asked, httpserver, db):
    channel = configure(
        make_channel(),
        SimpleNamespace(name="help@desk.example"),
        script.port,
        imap_auth="oauth",
        oauth_token_url=httpserver.url_for("/token"),
        oauth_client_id="desk",
    )
    sealed.put(channel, oauth_refresh_token="refresh-1", oauth_client_secret="secret-1")
    channel.save()
    return channel


@pytest.mark.promise("S1.1")
def test_a_refresh_token_opens_the_mailbox(channel, asked, read):
    read(channel)
    assert stored() == SENT
    assert asked.forms == [
        {
            "grant_type": "refresh_token",
            "client_id": "desk",
            "client_secret": "secret-1",
            "refresh_token": "refresh-1",
        }
    ]
    read(channel)
    assert len(asked.forms) == 1


def test_client_credentials_open_the_mailbox(channel, asked, read):
    channel.config |= {"oauth_grant": "client_credentials", "oauth_scope": "all/.default"}
    channel.save()
    read(channel)
    assert stored() == SENT
    assert asked.forms[0]["grant_type"] == "client_credentials"
    assert asked.forms[0]["scope"] == "all/.default"
    assert "refresh_token" not in asked.forms[0]


def test_a_token_near_its_end_is_fetched_anew(channel, asked, read):
    asked.answers = [(200, {"access_token": "token-1", "expires_in": 30})]
    read(channel)
    read(channel)
    assert len(asked.forms) == 2


def test_a_token_that_was_withdrawn_is_fetched_anew_at_once(channel, asked, script, read):
    read(channel)
    asked.answers = [(200, {"access_token": "token-2", "expires_in": 3600})]
    script.good = {"token-2"}
    assert read(channel).error == ""
    assert len(asked.forms) == 2


def test_a_new_refresh_token_takes_the_place_of_the_old(channel, asked, read):
    asked.answers = [(200, {"access_token": "token-1", "refresh_token": "refresh-2"})]
    read(channel)
    channel.refresh_from_db()
    secrets = sealed.opened(channel)
    assert secrets["oauth_refresh_token"] == "refresh-2"
    assert secrets["oauth_client_secret"] == "secret-1"


def test_a_refusal_comes_in_the_mail_servers_words(channel, asked, script, read):
    asked.answers = [(200, {"access_token": "token-bad", "expires_in": 3600})]
    cursor = read(channel)
    assert cursor.error_step == "login"
    assert "AUTHENTICATIONFAILED" in cursor.error
    assert '"status":"400"' in cursor.error
    assert "token-bad" not in cursor.error


@pytest.mark.parametrize(
    ("status", "said", "words", "advice"),
    [
        (
            400,
            {"error": "invalid_grant", "error_description": "Token refresh-1 was revoked."},
            "400 invalid_grant Token *** was revoked.",
            "Authorise the mailbox again",
        ),
        (401, {"error": "invalid_client"}, "401 invalid_client", "secrets expire"),
        (500, "down for maintenance", "down for maintenance", "tokens come from"),
        (200, {"token_type": "Bearer"}, "200", "tokens come from"),
    ],
    ids=["revoked", "client", "down", "nothing"],
)
def test_no_token_is_told_in_the_providers_words(  # noqa: PLR0917
    channel, asked, read, status, said, words, advice
):
    asked.answers = [(status, said)] * 2
    cursor = read(channel)
    assert cursor.error_step == "token"
    assert words in cursor.error
    line = check(channel).receiving[-1]
    assert advice in line.advice
    assert "refresh-1" not in line.words


def test_a_token_server_that_is_away_is_told(channel, httpserver, read):
    channel.config["oauth_token_url"] = "http://127.0.0.1:1/token"
    channel.save()
    cursor = read(channel)
    assert (cursor.error_step, "does not answer" in cursor.error) == ("token", True)


@pytest.mark.parametrize("script", ["XOAUTH2"], indirect=True)
def test_mail_is_handed_over_with_the_same_token(channel, asked, tmp_path, monkeypatch):
    async def bearer(_sink, _server, arguments):
        said = base64.b64decode(arguments[1]).decode()
        is_good = "user=help@desk.example\1auth=Bearer token-1\1" in said
        return AuthResult(success=is_good, handled=False)

    monkeypatch.setattr(sink.Sink, "auth_XOAUTH2", bearer, raising=False)
    certificate = write_certificate(tmp_path / "sink.pem", "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with sink.running(tls_context=context) as running:
        url = f"smtp+tls://help%40desk.example@127.0.0.1:{running.port}"
        channel.config["smtp_url"] = url
        server = smtp.server_of(channel)
        smtp.check(server, tell=lambda step, words: None)
        asked.answers = [(200, {"access_token": "token-9", "expires_in": 3600})]
        oauth.forget(server.oauth)
        with pytest.raises(DeliveryError, match="535"):
            smtp.check(server, tell=lambda step, words: None)
        # What was refused is not tried again.
        smtp.check(server, tell=lambda step, words: None)
