"""What a check of a sending domain found, in words that say what to publish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from integrations.email.domains import Record

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    from integrations.models import SendingDomain

GOOD, WEAK, BAD, UNKNOWN = "good", "weak", "bad", "unknown"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A finding in words."""

    what: str
    state: str
    words: str
    publish: Record | None

    @property
    def state_word(self) -> str:
        """The state as a word beside its colour."""
        return state_word(self.state)

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return {GOOD: "ok", WEAK: "warn", BAD: "bad"}.get(self.state, "neutral")


# What was found, how good that is, and in words what to do.
WORDS: dict[str, tuple[str, str, StrPromise]] = {
    "spf_good": ("SPF", GOOD, _("%(record)s")),
    "spf_missing": (
        "SPF",
        BAD,
        _("There is no SPF record, so any server may claim to be yours. Publish the one below."),
    ),
    "spf_twice": (
        "SPF",
        BAD,
        _("There are %(count)s SPF records, and two count as none. Join them into one."),
    ),
    "spf_open": ("SPF", BAD, _("It ends in +all: everybody may send. End it in ~all or -all.")),
    "spf_no_end": (
        "SPF",
        WEAK,
        _("It does not say what to do with other servers. End it in ~all or -all."),
    ),
    "spf_too_many": (
        "SPF",
        BAD,
        _(
            "It costs more than 10 questions, so receivers give up on it. Take out includes that "
            "are not needed, or name their addresses as ip4: and ip6:."
        ),
    ),
    "spf_broken": (
        "SPF",
        BAD,
        _("%(terms)s cannot be followed, so receivers give up on the record. Correct them."),
    ),
    "spf_not_ours": (
        "SPF",
        WEAK,
        _(
            "It does not name %(server)s, to which we hand our mail. If that server also sends "
            "it out, add it; if it passes it on to others, add what its operator tells you."
        ),
    ),
    "dkim_good": ("DKIM", GOOD, _("Mail is signed with %(selector)s, and DNS holds its key.")),
    "dkim_none": (
        "DKIM",
        WEAK,
        _(
            "We do not sign mail of this domain. If your mail server does, that is fine. If not, "
            "make a key here: automatic mails pass DMARC by a signature alone."
        ),
    ),
    "dkim_prepared": ("DKIM", WEAK, _("The key %(selector)s is seen in DNS and can sign now.")),
    "dkim_unpublished": (
        "DKIM",
        WEAK,
        _("The new key %(selector)s is not in DNS yet. Publish it, then check again."),
    ),
    "dkim_gone": (
        "DKIM",
        BAD,
        _("We sign with %(selector)s, but DNS does not hold its key: signatures fail. Publish it."),
    ),
    "dkim_other": (
        "DKIM",
        BAD,
        _("DNS holds another key under %(selector)s, so signatures fail. Replace it by this."),
    ),
    "dmarc_good": ("DMARC", GOOD, _("%(record)s")),
    "dmarc_missing": (
        "DMARC",
        BAD,
        _("There is no DMARC record; big providers then refuse mail. Publish the one below."),
    ),
    "dmarc_twice": (
        "DMARC",
        BAD,
        _("There are %(count)s DMARC records, and two count as none. Keep one."),
    ),
    "dmarc_none": (
        "DMARC",
        WEAK,
        _(
            "Its policy is none: forged mail is only counted. When the reports look right, change "
            "it to quarantine."
        ),
    ),
    "dmarc_broken": ("DMARC", BAD, _("%(record)s names no policy. Publish the one below.")),
    "mx_good": ("MX", GOOD, _("Answers go to %(hosts)s.")),
    "mx_missing": (
        "MX",
        WEAK,
        _("No MX record says where answers go; they are tried at the domain's own address."),
    ),
    "mx_refused": ("MX", BAD, _("The domain says that it takes no mail, so answers never arrive.")),
    "spf_unknown": ("SPF", UNKNOWN, _("DNS did not answer: %(error)s. Check again later.")),
    "dkim_unknown": ("DKIM", UNKNOWN, _("DNS did not answer: %(error)s. Check again later.")),
    "dmarc_unknown": ("DMARC", UNKNOWN, _("DNS did not answer: %(error)s. Check again later.")),
    "mx_unknown": ("MX", UNKNOWN, _("DNS did not answer: %(error)s. Check again later.")),
}
_STATES = {GOOD: _("good"), WEAK: _("could be better"), BAD: _("wrong"), UNKNOWN: _("not known")}


def in_words(domain: SendingDomain) -> list[Shown]:
    """What the last check found, for a page; empty before the first."""
    shown = []
    for row in domain.findings:
        what, state, words = WORDS[row["code"]]
        publish = Record(**row["publish"]) if row["publish"] else None
        text = str(words) % row["named"]
        shown.append(Shown(what=what, state=state, words=text, publish=publish))
    return shown


def state_word(state: str) -> str:
    """A state as a word beside its colour."""
    return str(_STATES[state])


def worst(domain: SendingDomain) -> str:
    """The state of the whole domain."""
    states = {WORDS[row["code"]][1] for row in domain.findings}
    return next((state for state in (BAD, UNKNOWN, WEAK, GOOD) if state in states), UNKNOWN)
