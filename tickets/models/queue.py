"""Where tickets wait, and what they can be about."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User
from tickets.states import Priority, Tier


class Queue(models.Model):
    """A line of tickets with its own people and promises (S4.1)."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(_("short name"), unique=True, help_text=_("Stands in addresses."))
    tier = models.CharField(_("tier"), max_length=16, choices=Tier.choices)
    description = models.TextField(
        _("description"), blank=True, help_text=_("Customers read it before they file.")
    )
    is_confidential = models.BooleanField(
        _("confidential"),
        default=False,
        help_text=_(
            "Members of an organisation do not see each other's tickets here, and "
            "notifications carry neither subject nor text."
        ),
    )
    default_priority = models.CharField(
        _("default priority"),
        max_length=2,
        choices=Priority.choices,
        default=Priority.P2,
        help_text=_("Holds until somebody has assessed the ticket."),
    )
    acknowledges = models.BooleanField(
        _("acknowledge at once"),
        default=True,
        help_text=_(
            "Tell the sender that the ticket arrived. Turn off to stop every "
            "automatic answer of this queue."
        ),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """What a report is about (S3.3)."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(_("short name"), unique=True)
    owner = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="products",
        null=True,
        blank=True,
        verbose_name=_("owner"),
        help_text=_("Hears of each new report about it."),
    )
    queue = models.ForeignKey(
        Queue,
        on_delete=models.PROTECT,
        related_name="products",
        null=True,
        blank=True,
        verbose_name=_("queue"),
        help_text=_("Where reports about it go, unless a contract says otherwise."),
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
