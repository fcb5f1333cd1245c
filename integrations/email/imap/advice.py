"""What each step is called, and what to try when it fails."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.email.imap.trouble import Step

TITLES: dict[str, Promise] = {
    Step.SETTINGS: _("Settings"),
    Step.RESOLVE: _("Find the server"),
    Step.CONNECT: _("Connect"),
    Step.TLS: _("Encrypt the line"),
    Step.GREETING: _("Greeting"),
    Step.TOKEN: _("Fetch an access token"),
    Step.LOGIN: _("Sign in"),
    Step.FOLDER: _("Open the folder"),
    Step.READ: _("Read"),
    Step.TIDY: _("Mark or move what was read"),
}


class _Rule(NamedTuple):
    step: Step
    words: str
    advice: Promise


# The first rule whose step and words fit; the last of each step fits always.
_RULES = (
    _Rule(Step.RESOLVE, "", _("Check the spelling of the server's name.")),
    _Rule(
        Step.CONNECT,
        r"timed out|unreachable",
        _("A firewall may be in between, or the address is wrong. Check server and port."),
    ),
    _Rule(
        Step.CONNECT,
        "",
        _("Nothing answers at this port. IMAP has 993 for TLS and 143 for STARTTLS."),
    ),
    _Rule(
        Step.TLS,
        r"wrong.version.number|record layer",
        _("This port does not begin with TLS. Choose STARTTLS, mostly at port 143."),
    ),
    _Rule(Step.TLS, r"STARTTLS", _("The server has no STARTTLS. Choose TLS, mostly at port 993.")),
    _Rule(
        Step.TLS,
        r"hostname|IP address mismatch",
        _("The certificate is for another name. Write the server's name as its provider does."),
    ),
    _Rule(
        Step.TLS,
        "",
        _(
            "The server's certificate cannot be trusted. Has it expired? One of your own authority "
            "is trusted when SSL_CERT_FILE names its file."
        ),
    ),
    _Rule(
        Step.GREETING,
        r"too many|limit|busy",
        _("The server takes no more connections just now. It is tried again by itself."),
    ),
    _Rule(Step.GREETING, "", _("This does not sound like an IMAP server. Check the port.")),
    _Rule(
        Step.TOKEN,
        r"invalid_grant",
        _(
            "The refresh token is no longer good. Authorise the mailbox again and paste the new "
            "one."
        ),
    ),
    _Rule(
        Step.TOKEN,
        r"invalid_client|unauthorized_client",
        _("Check client id and client secret; secrets expire at most providers."),
    ),
    _Rule(Step.TOKEN, r"scope", _("Check the scope: it has to allow IMAP for this mailbox.")),
    _Rule(Step.TOKEN, "", _("Check the address tokens come from.")),
    _Rule(
        Step.LOGIN,
        r"PRIVACYREQUIRED|LOGINDISABLED|plaintext",
        _("The server takes no password on an open line. Choose TLS or STARTTLS."),
    ),
    _Rule(
        Step.LOGIN,
        r"application-specific|app.password|BasicAuth|basic auth|web browser|WEBALERT",
        _("This provider takes no account password here. Use an app password, or OAuth."),
    ),
    _Rule(
        Step.LOGIN,
        r"throttl|too many|UNAVAILABLE|try again",
        _("The server asks to wait. It is tried again by itself."),
    ),
    _Rule(
        Step.LOGIN,
        "",
        _(
            "Check user name and password. Some providers want an app password, and IMAP has to be "
            "switched on for the mailbox."
        ),
    ),
    _Rule(
        Step.FOLDER,
        "",
        _(
            "Check the folder's name, capitals included; folders in folders are written with the "
            "server's own sign, as in INBOX/Support or INBOX.Support."
        ),
    ),
    _Rule(
        Step.TIDY,
        "",
        _(
            "Mail comes in all the same. Check the folder it is to be moved to, or choose to leave "
            "it as it is."
        ),
    ),
    _Rule(Step.READ, "", _("It is tried again by itself; nothing is lost by it.")),
    _Rule(Step.SETTINGS, "", _("Correct the settings of the channel.")),
)


def advice_for(step: str, words: str) -> str:
    """What to try, or nothing for a step of another kind."""
    for rule in _RULES:
        if rule.step == step and re.search(rule.words, words, re.IGNORECASE):
            return str(rule.advice)
    return ""
