"""Whether the world can tell our mail from a forger's: SPF, DKIM, DMARC and MX of our domains.

A check asks DNS in a task and keeps codes and names; pages make words of them, which say what is
there, what is missing and what exactly to publish.
"""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from integrations import dns
from integrations.email import smtp, spf
from integrations.models import ChannelAddress, KeyState, SendingDomain
from tickets import clock

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from integrations.models import Channel, DkimKey

STALE = timedelta(hours=23)


@dataclass(frozen=True, kw_only=True)
class Record:
    """A line to publish in DNS."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing found: `code` is a key of `domain_words.WORDS`, `named` what its sentence names."""

    code: str
    named: Mapping[str, str] = field(default_factory=dict)
    publish: Record | None = None


def of_channels(channels: Iterable[Channel]) -> dict[int, SendingDomain]:
    """The domain that each channel's answers leave from, by the channel's id. One query.

    The channels come with their addresses; one never looked up is left out.
    """
    names = {channel.pk: name for channel in channels if (name := _domain_of_channel(channel))}
    known = {row.domain: row for row in SendingDomain.objects.filter(domain__in=names.values())}
    return {pk: known[name] for pk, name in names.items() if name in known}


def _domain_of_channel(channel: Channel) -> str:
    addresses = sorted(channel.addresses.all(), key=lambda row: (not row.is_primary, row.pk))
    return _domain_of(addresses[0].address) if addresses else ""


def due() -> QuerySet[SendingDomain]:
    """Domains to be asked about, those of new channels made first."""
    addresses = ChannelAddress.objects.filter(channel__is_active=True, is_primary=True)
    names = {_domain_of(address) for address in addresses.values_list("address", flat=True)}
    SendingDomain.objects.bulk_create(
        [SendingDomain(domain=name) for name in sorted(names)], ignore_conflicts=True
    )
    old = Q(checked_at=None) | Q(checked_at__lt=clock.now() - STALE)
    return SendingDomain.objects.filter(old)


def check(domain: SendingDomain, *, ask: dns.Ask | None = None) -> list[Finding]:
    """Ask DNS about a domain and keep what it says. Called by tasks, outside transactions."""
    ask = ask or dns.ask
    found = [
        finding
        for what, look in (("spf", _spf), ("dkim", _dkim), ("dmarc", _dmarc), ("mx", _mx))
        for finding in _asked(what, look(domain, ask))
    ]
    domain.findings = [asdict(finding) for finding in found]
    domain.checked_at = clock.now()
    domain.save(update_fields=["findings", "checked_at"])
    return found


def _asked(what: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except dns.CannotAsk as error:
        yield Finding(code=f"{what}_unknown", named={"error": str(error)[:200]})


def _spf(domain: SendingDomain, ask: dns.Ask) -> Iterator[Finding]:
    record = spf.read(domain.domain, ask=ask)
    servers = _servers(domain)
    if len(record.texts) != 1:
        code = "spf_twice" if record.texts else "spf_missing"
        proposed = " ".join(["v=spf1", "mx", *(f"a:{host}" for host in servers), "~all"])
        publish = Record(name=domain.domain, kind="TXT", value=proposed)
        yield Finding(code=code, named={"count": str(len(record.texts))}, publish=publish)
        return
    problems = list(_spf_problems(record, servers, ask=ask))
    yield from problems or [Finding(code="spf_good", named={"record": record.texts[0]})]


def _spf_problems(record: spf.Record, servers: list[str], *, ask: dns.Ask) -> Iterator[Finding]:
    if record.questions > spf.MOST_QUESTIONS:
        # What stands after the last question was not read.
        yield Finding(code="spf_too_many")
        return
    if record.broken:
        yield Finding(code="spf_broken", named={"terms": ", ".join(record.broken)})
    if record.end in {"", "+"}:
        yield Finding(code="spf_open" if record.end else "spf_no_end")
    for host in servers:
        addresses = [*ask(host, "A"), *ask(host, "AAAA")]
        if addresses and not any(map(record.names, addresses)):
            yield Finding(code="spf_not_ours", named={"server": host})


def _servers(domain: SendingDomain) -> list[str]:
    """The servers that mail of the domain is handed to, unless they are on our own network."""
    rows = ChannelAddress.objects.filter(
        address__endswith=f"@{domain.domain}", is_primary=True, channel__is_active=True
    )
    hosts = {smtp.server_of(row.channel).host for row in rows.select_related("channel")}
    return sorted(host for host in hosts if "." in host and not _is_address(host))


def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return False


def _dkim(domain: SendingDomain, ask: dns.Ask) -> Iterator[Finding]:
    keys = list(domain.keys.exclude(state=KeyState.RETIRED).order_by("state"))
    for key in keys:
        yield _dkim_of(key, ask)
    if not any(key.state == KeyState.ACTIVE for key in keys):
        yield Finding(code="dkim_none")


def _dkim_of(key: DkimKey, ask: dns.Ask) -> Finding:
    published = ask(key.record_name, "TXT")
    is_active = key.state == KeyState.ACTIVE
    named = {"selector": key.selector}
    publish = Record(name=key.record_name, kind="TXT", value=key.record)
    if any(_key_in(text) == key.public for text in published):
        if key.published_at is None:
            key.published_at = clock.now()
            key.save(update_fields=["published_at"])
        return Finding(code="dkim_good" if is_active else "dkim_prepared", named=named)
    if published:
        return Finding(code="dkim_other", named=named, publish=publish)
    return Finding(
        code="dkim_gone" if is_active else "dkim_unpublished", named=named, publish=publish
    )


def _key_in(text: str) -> str:
    return "".join(_tags(text).get("p", "").split())


def _dmarc(domain: SendingDomain, ask: dns.Ask) -> Iterator[Finding]:
    records = _dmarc_records(domain.domain, ask)
    publish = Record(
        name=f"_dmarc.{domain.domain}",
        kind="TXT",
        value=f"v=DMARC1; p=none; rua=mailto:postmaster@{domain.domain}",
    )
    if len(records) != 1:
        code = "dmarc_twice" if records else "dmarc_missing"
        named = {"count": str(len(records))}
        yield Finding(code=code, named=named, publish=None if records else publish)
        return
    policy = _tags(records[0]).get("p", "").lower()
    if policy not in {"none", "quarantine", "reject"}:
        yield Finding(code="dmarc_broken", named={"record": records[0]}, publish=publish)
        return
    code = "dmarc_none" if policy == "none" else "dmarc_good"
    yield Finding(code=code, named={"record": records[0]})


def _dmarc_records(domain: str, ask: dns.Ask) -> list[str]:
    """Of the domain or the nearest one above that has any (RFC 7489, 6.6.3)."""
    name = domain
    while "." in name:
        texts = ask(f"_dmarc.{name}", "TXT")
        if found := [
            text for text in texts if text.lower().replace(" ", "").startswith("v=dmarc1")
        ]:
            return found
        name = name.partition(".")[2]
    return []


def _mx(domain: SendingDomain, ask: dns.Ask) -> Iterator[Finding]:
    hosts = [line.rpartition(" ")[2].rstrip(".") for line in ask(domain.domain, "MX")]
    if not hosts:
        yield Finding(code="mx_missing")
    # A single dot says that no mail is taken (RFC 7505).
    elif hosts == [""]:
        yield Finding(code="mx_refused")
    else:
        yield Finding(code="mx_good", named={"hosts": ", ".join(sorted(hosts))})


def _tags(text: str) -> dict[str, str]:
    """`v=DMARC1; p=none` as a dict (RFC 6376, 3.2)."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _sign, value in pairs if name.strip()}


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()
