"""Who writes, who answers, and which company they belong to."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tickets.querysets import ContactQuerySet
from tickets.states import IdentityKind


class UserManager(BaseUserManager["User"]):
    """Makes users by email, the only login name."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make and store a user; without a password nobody can sign in by one."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make the break-glass account: configures everything, sees no ticket by itself."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Find by email without regard to case."""
        return self.get(email__iexact=username)


class Theme(models.TextChoices):
    """Which colours the pages take."""

    SYSTEM = "system", _("As the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in, staff or customer."""

    email = models.EmailField(_("email"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    contact = models.OneToOneField(
        "tickets.Contact",
        on_delete=models.PROTECT,
        related_name="user",
        null=True,
        blank=True,
        verbose_name=_("contact"),
        help_text=_("The person this login speaks as."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(
        _("staff"),
        default=False,
        help_text=_("May open the staff pages; gives no queue by itself."),
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(_("language"), max_length=16, default="en")
    theme = models.CharField(_("theme"), max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    hotkeys = models.BooleanField(
        _("single-key shortcuts"),
        default=True,
        help_text=_("Plain keys act outside text fields."),
    )
    signature = models.TextField(
        _("signature"),
        max_length=2_000,
        blank=True,
        help_text=_(
            "Stands under your replies by mail, in Markdown. {{agent.name}}, "
            "{{agent.first_name}} and {{queue.name}} are filled in."
        ),
    )
    date_joined = models.DateTimeField(_("joined"), auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            # Sign-in looks a login up without regard to case.
            models.UniqueConstraint(Lower("email"), name="user_email_any_case"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def first_name(self) -> str:
        """What customers see of a colleague: the first word of the name."""
        return self.name.split(" ")[0] if self.name else self.email.split("@")[0]


class Organisation(models.Model):
    """A customer company or instance (S4.3)."""

    name = models.CharField(_("name"), max_length=200)
    notes = models.TextField(_("notes"), blank=True, help_text=_("Staff only."))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OrganisationDomain(models.Model):
    """A mail domain of an organisation; once verified, its new writers are members."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(_("domain"), max_length=253, unique=True)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)

    def __str__(self) -> str:
        return self.domain


class Contact(models.Model):
    """A person, or a bot, who writes to us or is written to; may have no login."""

    name = models.CharField(_("name"), max_length=200, blank=True)
    is_bot = models.BooleanField(_("machine"), default=False)
    language = models.CharField(_("language"), max_length=16, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    notes = models.TextField(_("notes"), blank=True, help_text=_("Staff only."))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects: ClassVar[ContactQuerySet] = ContactQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.name or str(_("Unnamed contact"))

    @property
    def short_name(self) -> str:
        """The first word of the name, for a greeting; of an address what stands before the @."""
        return self.name.split(" ")[0].partition("@")[0] or str(self)


class Identity(models.Model):
    """One address of a contact. Two kinds are joined to one contact only by a proof (B1)."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(_("kind"), max_length=16, choices=IdentityKind.choices)
    external_id = models.CharField(
        _("address"),
        max_length=320,
        help_text=_("An email address is kept in lower case."),
    )
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    # What we sent there came back: since when, and in the server's words.
    undeliverable_since = models.DateTimeField(_("undeliverable since"), null=True, blank=True)
    undeliverable_because = models.TextField(_("why it cannot be reached"), blank=True)

    class Meta:
        verbose_name_plural = _("identities")
        constraints = [
            # Inbound looks a sender up by this pair.
            models.UniqueConstraint(fields=["kind", "external_id"], name="identity_once"),
        ]

    def __str__(self) -> str:
        return self.external_id


class MembershipRole(models.TextChoices):
    """What a person may do for their organisation (S4.15)."""

    MANAGER = "manager", _("Manager: files and manages")
    MEMBER = "member", _("Member: reads")


class Membership(models.Model):
    """A contact belongs to an organisation."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="memberships"
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(
        _("role"),
        max_length=8,
        choices=MembershipRole.choices,
        default=MembershipRole.MEMBER,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "contact"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.contact} · {self.organisation}"
