"""Teams: who is in, and what they may do where."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tickets.admin.guard import GuardedAccessAdmin
from tickets.models import Access, Team, TeamMembership, User


class MembersInline(admin.TabularInline):
    """The colleagues in the team."""

    model = TeamMembership
    extra = 0
    verbose_name = _("member")
    verbose_name_plural = _("members")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only staff can be in a team."""
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(is_staff=True).order_by("name", "email")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class AccessInline(admin.TabularInline):
    """What the team may do in which queue; shown on the team and on the queue."""

    model = Access
    extra = 0


@admin.register(Team)
class TeamAdmin(GuardedAccessAdmin):
    """Staff who share access."""

    list_display = ["name", "members_in_words", "queues_in_words", "is_security"]
    list_filter = ["is_security", "accesses__queue"]
    search_fields = ["name", "members__name", "members__email"]
    inlines = [MembersInline, AccessInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """With what the list names."""
        return super().get_queryset(request).prefetch_related("members", "accesses__queue")

    @admin.display(description=_("members"))
    def members_in_words(self, team: Team) -> str:
        """Names of the members."""
        return ", ".join(str(user) for user in team.members.all())

    @admin.display(description=_("queues"))
    def queues_in_words(self, team: Team) -> str:
        """Each queue with the level in it."""
        return ", ".join(f"{held.queue} ({held.level})" for held in team.accesses.all())
