"""Finding and making the people that messages come from."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from tickets import clock
from tickets.models import Contact, Identity, Membership, OrganisationDomain, User
from tickets.states import IdentityKind


def contact_for(
    *, kind: IdentityKind, external_id: str, name: str = "", is_writing: bool = False
) -> Contact:
    """The contact known by this address, made if nobody has it yet.

    Who gives no name is called by the address until they do. `is_writing`: they write to us from
    there, so the address is no longer one that cannot be reached. Two workers may meet the same new
    sender at once; one row wins.
    """
    external_id, name = normal_id(kind, external_id), name.replace("\x00", "").strip()
    found = Identity.objects.filter(kind=kind, external_id=external_id)
    # Whether they have a login is asked next.
    found = found.select_related("contact__user")
    identity = found.first()
    if identity is None:
        try:
            with transaction.atomic():
                contact = Contact.objects.create(name=(name or external_id)[:200])
                Contact._meta.get_field("user").set_cached_value(contact, None)
                identity = Identity.objects.create(
                    contact=contact, kind=kind, external_id=external_id
                )
                _join_by_domain(identity)
        except IntegrityError:
            identity = found.get()
    if is_writing and identity.undeliverable_since:
        identity.undeliverable_since, identity.undeliverable_because = None, ""
        identity.save(update_fields=["undeliverable_since", "undeliverable_because"])
    contact = identity.contact
    if name and contact.name in {"", external_id[:200]}:
        contact.name = name[:200]
        contact.save(update_fields=["name"])
    return contact


def normal_id(kind: IdentityKind, external_id: str) -> str:
    """The form in which an address is stored: email in lower case, the rest as given."""
    external_id = external_id.strip()
    return external_id.lower() if kind == IdentityKind.EMAIL else external_id


def _join_by_domain(identity: Identity) -> None:
    """A new writer from a verified domain belongs to its organisation."""
    if identity.kind != IdentityKind.EMAIL:
        return
    domain = identity.external_id.rpartition("@")[2]
    known = OrganisationDomain.objects.filter(domain=domain, verified_at__isnull=False).first()
    if known:
        Membership.objects.create(organisation_id=known.organisation_id, contact=identity.contact)


def contact_of(user: User) -> Contact:
    """The contact a user speaks as; made, with their email as a proven identity, if missing."""
    if user.contact:
        return user.contact
    email = user.email.lower()
    contact = contact_for(kind=IdentityKind.EMAIL, external_id=email, name=user.name)
    Identity.objects.filter(kind=IdentityKind.EMAIL, external_id=email, verified_at=None).update(
        verified_at=clock.now()
    )
    user.contact = contact
    user.save(update_fields=["contact"])
    return contact
