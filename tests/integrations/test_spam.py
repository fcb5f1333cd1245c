"""What a provider's filter marks waits for staff, where the channel honours its word."""

import pytest

from integrations import inbound, originals
from tests.integrations.mail import keep, make_channel, make_copy, make_mail, receive
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.promise("B8")]

MARKED = [
    {"X_Spam_Flag": "YES"},
    {"X_Spam_Status": "Yes, score=12.3 required=5.0 tests=BAYES_99"},
    {"X_Spam": "Yes"},
    {"X_Rspamd_Action": "add header"},
    {"X_Rspamd_Action": "reject"},
    {"X_Forefront_Antispam_Report": "CIP:1.2.3.4;CTRY:US;LANG:en;SCL:9;SFV:SPM;H:x"},
    {"X_Forefront_Antispam_Report": "CIP:1.2.3.4;SCL:5;SRV:"},
    {"X_MS_Exchange_Organization_SCL": "6"},
    {"X_Gm_Spam": "1"},
    {"X_Bogosity": "Spam, tests=bogofilter"},
    {"X_VR_SPAMSTATE": "SPAM"},
]
CLEAN = [
    {"X_Spam_Flag": "NO"},
    {"X_Spam_Status": "No, score=-1.0"},
    {"X_Spam_Level": "*****"},
    {"X_Rspamd_Action": "no action"},
    {"X_Rspamd_Action": "greylist"},
    {"X_Forefront_Antispam_Report": "CIP:1.2.3.4;SCL:1;SFV:NSPM;H:x"},
    {"X_MS_Exchange_Organization_SCL": "-1"},
    {"X_Gm_Spam": "0"},
    {"X_Bogosity": "Ham, tests=bogofilter"},
    {"X_Spam_Report": "yes"},
]


@pytest.fixture
def channel():
    return make_channel()


@pytest.mark.parametrize("headers", MARKED)
def test_marked_mail_is_held_with_its_bytes(channel, headers):
    data = make_mail(**headers)
    raw = receive(data, channel)
    assert (raw.state, raw.reason) == ("held", "spam")
    assert originals.read(raw) == data
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("headers", CLEAN)
def test_clean_mail_is_not(channel, headers):
    assert receive(make_mail(**headers), channel).state == "done"


def test_who_brings_our_token_is_no_spammer(channel):
    ticket = receive(make_mail(), channel).ticket
    copy = make_copy(ticket, "ann@customer.example", channel)
    raw = receive(make_mail(In_Reply_To=copy.remote_id, X_Spam_Flag="YES"), channel)
    assert (raw.state, raw.ticket) == ("done", ticket)


def test_who_only_names_a_thread_may_be_one(channel):
    ticket = receive(make_mail(message_id="<1@customer.example>"), channel).ticket
    raw = receive(make_mail(In_Reply_To="<1@customer.example>", X_Spam_Flag="YES"), channel)
    assert (raw.state, raw.reason, raw.ticket) == ("held", "spam", ticket)


@pytest.mark.parametrize(
    ("source", "setting", "state"),
    [
        ("pipe", None, "held"),
        ("imap", None, "held"),
        ("smtp", None, "done"),
        ("smtp", True, "held"),
        ("imap", False, "done"),
    ],
)
def test_a_channel_says_whose_word_counts(channel, source, setting, state):
    channel.config = {} if setting is None else {"honours_spam_headers": setting}
    channel.save()
    raw = keep(make_mail(X_Spam_Flag="YES"), channel)
    type(raw).objects.update(source=source)
    assert inbound.process(raw.pk).state == state
