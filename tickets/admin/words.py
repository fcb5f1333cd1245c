"""The words staff sort and end tickets with."""

from __future__ import annotations

from django.contrib import admin

from tickets.models import Label, StatusReason


@admin.register(Label)
class LabelAdmin(admin.ModelAdmin):
    """Words to sort tickets by."""

    list_display = ["name", "tone"]
    list_filter = ["tone"]
    search_fields = ["name"]


@admin.register(StatusReason)
class StatusReasonAdmin(admin.ModelAdmin):
    """Why tickets end without a fix; one that was used is switched off, not deleted."""

    list_display = ["text", "status", "is_active", "position"]
    list_filter = ["status", "is_active"]
    list_editable = ["is_active", "position"]
    search_fields = ["text"]
