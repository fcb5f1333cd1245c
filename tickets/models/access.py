"""Which staff may do what in which queue."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User
from tickets.states import Level


class Team(models.Model):
    """A group of staff who share access and can be assigned tickets together."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    members = models.ManyToManyField(
        User,
        through="tickets.TeamMembership",
        related_name="teams",
        verbose_name=_("members"),
    )
    is_security = models.BooleanField(
        _("security team"),
        default=False,
        help_text=_("Its members read what is meant for the security team alone."),
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TeamMembership(models.Model):
    """A member of staff is in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="team_memberships")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="team_membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"


class Access(models.Model):
    """A team's level in a queue; nobody has a queue without one, not even a superuser."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="accesses")
    queue = models.ForeignKey("tickets.Queue", on_delete=models.CASCADE, related_name="accesses")
    level = models.CharField(_("level"), max_length=4, choices=Level.choices, default=Level.WORK)

    class Meta:
        verbose_name_plural = _("accesses")
        constraints = [
            models.UniqueConstraint(fields=["team", "queue"], name="access_once"),
        ]

    def __str__(self) -> str:
        return f"{self.team} · {self.queue} · {self.get_level_display()}"
