"""Who asked for fewer automatic mails; an admin can let them come again by deleting the row."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from integrations.models import MailStop


@admin.register(MailStop)
class MailStopAdmin(admin.ModelAdmin):
    """Stopped mails, as their readers stopped them."""

    list_display = ["address", "kind", "stopped_at"]
    list_filter = ["kind"]
    search_fields = ["address"]
    fields = ["address", "kind", "stopped_at"]
    readonly_fields = ["stopped_at"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing about a row changes: delete it to send mails again."""
        return obj is None and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Addresses are kept in lower case."""
        obj.address = obj.address.strip().lower()
        super().save_model(request, obj, form, change)
