"""What DNS says of our domains, asked from a server that speaks DNS, told in words."""

import contextlib
import socket
import threading

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from integrations import dns as asking
from integrations import tasks
from integrations.email import dkim, domain_words, domains, spf
from integrations.models import Channel, SendingDomain
from tests import factories
from tests.integrations.outgoing import make_channel
from tests.roles import signed_in
from tickets.models import MessageTemplate

DOMAIN = "desk.example"
GOOD = {
    ("desk.example", "TXT"): ["v=spf1 a:mail.desk.example include:_spf.desk.example -all"],
    ("_spf.desk.example", "TXT"): ["v=spf1 ip4:192.0.2.0/24 ~all"],
    ("mail.desk.example", "A"): ["192.0.2.7"],
    ("_dmarc.desk.example", "TXT"): ["v=DMARC1; p=reject"],
    ("desk.example", "MX"): ["10 mx.desk.example."],
}


class Server:
    """A name server on a port of this machine: `zone` is what it knows (RFC 1035, over UDP)."""

    def __init__(self, zone):
        self.zone, self.is_dumb = dict(zone), False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self):
        while True:
            data, client = self.socket.recvfrom(4096)
            if not data:
                return
            question = dns.message.from_wire(data)
            answer = dns.message.make_response(question)
            (asked,) = question.question
            kind = dns.rdatatype.to_text(asked.rdtype)
            name = asked.name.to_text(omit_final_dot=True).lower()
            values = self.zone.get((name, kind), [])
            if self.is_dumb:
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif not values and not any(known == name for known, _kind in self.zone):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            elif values:
                texts = [f'"{v[:200]}" "{v[200:]}"' if kind == "TXT" else v for v in values]
                answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *texts))
            self.socket.sendto(answer.to_wire(), client)


@contextlib.contextmanager
def name_server(zone):
    server = Server(zone)
    server.thread.start()
    port = server.socket.getsockname()[1]
    try:
        yield server, port
    finally:
        server.socket.sendto(b"", ("127.0.0.1", port))
        server.thread.join()
        server.socket.close()


@pytest.fixture
def world(monkeypatch):
    """The zone that DNS holds; tests change it."""
    with name_server(GOOD) as (server, port):
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], port
        monkeypatch.setattr(asking, "resolver", lambda: resolver)
        yield server


@pytest.fixture
def domain(db):
    channel = make_channel(factories.QueueFactory(), address=f"help@{DOMAIN}")
    channel.config = {"smtp_url": "smtps://mail.desk.example"}
    channel.save()
    return SendingDomain.objects.create(domain=DOMAIN)


def codes(domain):
    """What a check finds, kept and read again."""
    tasks.check_domain(domain.pk)
    domain.refresh_from_db()
    return [row["code"] for row in domain.findings]


@pytest.mark.promise("B10")
def test_a_domain_in_order_is_told_to_be(domain, world):
    assert codes(domain) == ["spf_good", "dkim_none", "dmarc_good", "mx_good"]
    shown = domain_words.in_words(domain)
    assert [finding.state for finding in shown] == ["good", "weak", "good", "good"]
    assert "v=spf1 a:mail.desk.example" in shown[0].words
    assert domain_words.worst(domain) == "weak"
    assert domain.checked_at


def test_what_is_missing_comes_with_what_to_publish(domain, world):
    world.zone = {}
    assert codes(domain) == ["spf_missing", "dkim_none", "dmarc_missing", "mx_missing"]
    publish = [finding.publish for finding in domain_words.in_words(domain) if finding.publish]
    assert [(record.name, record.kind, record.value) for record in publish] == [
        ("desk.example", "TXT", "v=spf1 mx a:mail.desk.example ~all"),
        ("_dmarc.desk.example", "TXT", "v=DMARC1; p=none; rua=mailto:postmaster@desk.example"),
    ]


@pytest.mark.parametrize(
    ("records", "found"),
    [
        (["v=spf1 ip4:192.0.2.7 ~all", "v=spf1 -all"], ["spf_twice"]),
        (["v=spf1 ip4:192.0.2.7 +all"], ["spf_open"]),
        (["v=spf1 ip4:192.0.2.7 all"], ["spf_open"]),
        (["v=spf1 ip4:192.0.2.7"], ["spf_no_end"]),
        (["v=spf1 ip4:192.0.2.7 include:nothing.example -all"], ["spf_broken"]),
        (["v=spf1 ip4:192.0.2.7 !! -all"], ["spf_broken"]),
        (["v=spf1 ip4:198.51.100.7 -all"], ["spf_not_ours"]),
        (["v=spf1 redirect=_spf.desk.example"], ["spf_good"]),
        (
            ["v=spf1 " + "a:x.example " * 11 + "-all"],
            ["spf_too_many"],
        ),
        (["google-site-verification=x", "v=spf1 ip4:192.0.2.7 -all"], ["spf_good"]),
        (["v=spf1 ip4:192.0.2.7 " + "ip4:198.51.100.1 " * 20 + "-all"], ["spf_good"]),
    ],
)
def test_spf_is_judged_by_what_receivers_make_of_it(domain, world, records, found):
    world.zone["desk.example", "TXT"] = records
    assert [code for code in codes(domain) if code.startswith("spf")] == found


def test_an_include_of_itself_ends(domain, world):
    world.zone["desk.example", "TXT"] = ["v=spf1 include:desk.example -all"]
    assert "spf_too_many" in codes(domain)


@pytest.mark.parametrize(
    ("records", "found"),
    [
        (["v=DMARC1; p=none"], "dmarc_none"),
        (["v=DMARC1; p=quarantine; rua=mailto:x@y.example"], "dmarc_good"),
        (["v=DMARC1; p=reject", "v=DMARC1; p=none"], "dmarc_twice"),
        (["v=DMARC1; rua=mailto:x@y.example"], "dmarc_broken"),
        (["some other text"], "dmarc_missing"),
    ],
)
def test_dmarc_is_judged_by_what_receivers_make_of_it(domain, world, records, found):
    world.zone["_dmarc.desk.example", "TXT"] = records
    assert [code for code in codes(domain) if code.startswith("dmarc")] == [found]


def test_the_policy_of_the_domain_above_counts(world, db):
    below = SendingDomain.objects.create(domain="help.desk.example")
    assert "dmarc_good" in codes(below)


def test_a_domain_that_takes_no_mail_is_told(domain, world):
    world.zone["desk.example", "MX"] = ["0 ."]
    assert "mx_refused" in codes(domain)


def test_dns_that_does_not_answer_is_no_finding(domain, world):
    world.is_dumb = True
    assert codes(domain) == ["spf_unknown", "dkim_none", "dmarc_unknown", "mx_unknown"]
    assert domain_words.worst(domain) == "unknown"


def test_a_key_signs_once_dns_holds_it(domain, world):
    key = dkim.prepare(domain)
    assert [code for code in codes(domain) if "dkim" in code] == ["dkim_unpublished", "dkim_none"]
    world.zone[key.record_name, "TXT"] = ["v=DKIM1; k=rsa; p=another"]
    assert "dkim_other" in codes(domain)
    world.zone[key.record_name, "TXT"] = [key.record]
    assert "dkim_prepared" in codes(domain)
    dkim.start(key)
    assert [code for code in codes(domain) if "dkim" in code] == ["dkim_good"]
    del world.zone[key.record_name, "TXT"]
    assert [code for code in codes(domain) if "dkim" in code] == ["dkim_gone"]


def test_every_finding_has_its_words():
    for code, (what, _state, words) in domain_words.WORDS.items():
        assert code.startswith(what.lower())
        assert str(words)


def test_domains_of_channels_are_asked_about_once_a_day(db, world, clock, monkeypatch):
    make_channel(factories.QueueFactory(), address=f"help@{DOMAIN}")
    asked = []
    monkeypatch.setattr(tasks.check_domain, "delay", asked.append)
    tasks.check_domains()
    (domain,) = SendingDomain.objects.all()
    assert (domain.domain, asked) == (DOMAIN, [domain.pk])
    codes(domain)
    tasks.check_domains()
    assert len(asked) == 1
    clock.advance(hours=24)
    tasks.check_domains()
    assert len(asked) == 2


def test_each_channel_has_the_domain_its_answers_leave_from(domain):
    channel = domains.ChannelAddress.objects.get().channel
    assert domains.of_channels([channel]) == {channel.pk: domain}


def test_addresses_named_by_a_record_are_known(world):
    record = spf.read(DOMAIN, ask=asking.ask)
    assert record.names("192.0.2.200")
    assert not record.names("198.51.100.1")
    assert record.end == "-"


def test_the_page_of_channels_says_what_to_publish(domain, world, admin):
    world.zone = {}
    channel = Channel.objects.get()
    page = "/channels/"
    assert "Trust in mail from desk.example" in admin.client.get(page).text
    codes(domain)
    text = admin.client.get(page).text
    assert "There is no SPF record" in text
    assert "<code>v=spf1 mx a:mail.desk.example ~all</code>" in text
    assert "Needs a look" in text
    agent = signed_in(factories.make_agent(channel.queue))
    text = agent.get(page).text
    assert "There is no SPF record" in text
    assert "Check now" not in text


def test_the_page_of_channels_names_a_template_that_failed(admin, queue):
    make_channel(queue)
    MessageTemplate.objects.create(kind="reply", body="x", problem="ValueError", queue=queue)
    text = admin.client.get("/channels/").text
    assert "Built-in words sent" in text
    assert f"Frame of a reply, {queue.name}, English" in text
