"""Blocked senders, as the staff pages have them: made and ended by the same actions."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext

from integrations import blocking
from integrations.models import BlockedSender
from tickets import clock
from tickets.models import User
from tickets.permissions import scope_of


class BlockedSenderForm(forms.ModelForm):
    """An address or a domain that may be blocked."""

    class Meta:
        model = BlockedSender
        fields = ["sender", "reason", "until"]

    def clean_sender(self) -> str:
        """In its one form. Raises ValidationError with why it may not be blocked."""
        form = blocking.normal(self.cleaned_data["sender"])
        if form is None:
            raise ValidationError(
                gettext("Write an address such as ann@example.com, or a domain: example.com.")
            )
        if because := blocking.why_never(form):
            raise ValidationError(because)
        return form

    def clean_until(self) -> Any:
        """An end that lies ahead."""
        until = self.cleaned_data["until"]
        if until and until <= clock.now():
            raise ValidationError(gettext("This end is over already. Choose a later day."))
        return until


@admin.register(BlockedSender)
class BlockedSenderAdmin(admin.ModelAdmin):
    """Whose mail becomes no ticket."""

    form = BlockedSenderForm
    list_display = ["sender", "reason", "blocked_by", "since", "until", "hits", "last_hit_at"]
    list_select_related = ["blocked_by"]
    search_fields = ["sender", "reason"]
    readonly_fields = ["blocked_by", "since", "hits", "last_hit_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002
        """Whom a block is about does not change: end it and make another."""
        return [*(["sender"] if obj else []), *self.readonly_fields]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        """Block, and record who did."""
        by = scope_of(cast(User, request.user))
        made = blocking.block(obj.sender, by=by, reason=obj.reason, until=obj.until)
        obj.pk = made.pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Let it in again."""
        blocking.unblock(obj, by=scope_of(cast(User, request.user)))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Several at once, each recorded."""
        for row in queryset:
            self.delete_model(request, row)
