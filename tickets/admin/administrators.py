"""Who configures the product: the group of admins and what it may change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from tickets.models import User

if TYPE_CHECKING:
    from django.db.models import QuerySet

GROUP = "Admins"

# Models an admin configures, their inlines included. Users are never deleted, only switched off.
CONFIGURED: dict[str, tuple[str, ...]] = {
    "tickets": (
        "user",
        "team",
        "teammembership",
        "access",
        "queue",
        "product",
        "organisation",
        "organisationdomain",
        "membership",
        "contact",
        "identity",
        "label",
        "messagetemplate",
        "statusreason",
        # Only looked at: its admin page allows no more.
        "job",
    ),
    "integrations": (
        "letterhead",
        "mailstop",
        "sendingdomain",
        "channel",
        "channeladdress",
        "blockedsender",
    ),
}


def administrators() -> Group:
    """The group of admins, with every right to configure; made or completed when needed."""
    group, _made = Group.objects.get_or_create(name=GROUP)
    wanted = Q()
    for app, models in CONFIGURED.items():
        wanted |= Q(content_type__app_label=app, content_type__model__in=models)
    group.permissions.add(*Permission.objects.filter(wanted))
    return group


def active_admins() -> QuerySet[User]:
    """Everybody who could configure the product now."""
    may_configure = Q(is_superuser=True) | Q(groups__name=GROUP)
    return User.objects.filter(may_configure, is_active=True, is_staff=True).distinct()
