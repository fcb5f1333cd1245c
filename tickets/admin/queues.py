"""Queues, and who can see each and why; products."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tickets.admin.guard import GuardedAccessAdmin
from tickets.admin.teams import AccessInline
from tickets.models import Product, Queue, TeamMembership


@admin.register(Queue)
class QueueAdmin(GuardedAccessAdmin):
    """Lines of tickets with their own people and promises."""

    list_display = ["name", "tier", "is_confidential", "default_priority", "acknowledges"]
    list_filter = ["tier", "is_confidential"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["who_sees_it"]
    inlines = [AccessInline]
    fieldsets = [
        (None, {"fields": ["name", "slug", "tier", "description", "position"]}),
        (_("Behaviour"), {"fields": ["is_confidential", "default_priority", "acknowledges"]}),
        (_("Who can see it and why"), {"fields": ["who_sees_it"]}),
    ]

    @admin.display(description=_("people"))
    def who_sees_it(self, queue: Queue) -> SafeString | str:
        """One line a person and team: the name, the level, and the team that gives it."""
        if queue._state.adding:
            return gettext("Save the queue first.")
        held = {access.team_id: access for access in queue.accesses.select_related("team")}
        memberships = TeamMembership.objects.filter(team__in=held, user__is_active=True)
        lines = [
            (member.user, held[member.team_id].get_level_display(), held[member.team_id].team)
            for member in memberships.select_related("user").order_by("user__name", "user__email")
        ]
        if not lines:
            return gettext("Nobody yet. Give a team access below.")
        return format_html_join("", "<div>{} — {} — {}</div>", lines)


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    """What a report can be about."""

    list_display = ["name", "owner", "queue"]
    list_filter = ["queue"]
    list_select_related = ["owner", "queue"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["owner"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """In the order of names."""
        return super().get_queryset(request).order_by("name")
