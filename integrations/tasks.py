"""What workers do: ids in, the work itself is elsewhere, and doing it twice does no harm."""

from __future__ import annotations

from celery import shared_task

from integrations import inbound, sending, storage, sweeps
from integrations.email import domains
from integrations.models import SendingDomain
from tickets.actions import reply

# Below the lease (LEASE_S) and the broker's visibility timeout, in seconds (security.md D1).
_READ_SOFT_S, _READ_HARD_S = 60, 80
_SEND_SOFT_S, _SEND_HARD_S = 45, 60


@shared_task(soft_time_limit=_READ_SOFT_S, time_limit=_READ_HARD_S)
def process_inbound(raw_id: int) -> None:
    """Read a received original; its row holds attempts and state."""
    inbound.process(raw_id)


@shared_task(soft_time_limit=_SEND_SOFT_S, time_limit=_SEND_HARD_S)
def deliver(delivery_id: int) -> None:
    """Try to send one delivery; its row holds when to try again."""
    sending.attempt(delivery_id)


@shared_task
def release_reply(draft_id: int) -> None:
    """Send a reply whose undo window is over."""
    reply.release(draft_id)


@shared_task
def sweep() -> None:
    """Find what is due and nobody was woken for."""
    sweeps.run(read=process_inbound.delay, send=deliver.delay)


@shared_task
def sweep_trash() -> None:
    """Delete for good what was put aside a month ago, mail and tickets."""
    sweeps.empty_trash()


@shared_task
def sweep_storage() -> None:
    """Remove files that nothing names."""
    storage.sweep()


@shared_task
def check_domains() -> None:
    """Have each domain that mail leaves from looked up in DNS once a day."""
    for domain_id in domains.due().values_list("pk", flat=True):
        check_domain.delay(domain_id)


@shared_task
def check_domain(domain_id: int) -> None:
    """Ask DNS about one domain now."""
    domain = SendingDomain.objects.filter(pk=domain_id).first()
    if domain:
        domains.check(domain)
