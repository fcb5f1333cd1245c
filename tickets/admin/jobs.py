"""Long work and how far it is; it is only looked at here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.models import Job


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    """Imports and other work that takes longer than a page."""

    list_display = ["kind", "subject", "state", "progress", "failed", "created_at", "finished_at"]
    list_filter = ["state", "kind"]
    ordering = ["-pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Work is begun where it belongs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Its own program writes it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """What was done stays known."""
        return False

    @admin.display(description=gettext_lazy("about"))
    def subject(self, job: Job) -> str:
        """What it works on, as far as its program says."""
        return str(job.data.get("channel", ""))

    @admin.display(description=gettext_lazy("progress"))
    def progress(self, job: Job) -> str:
        """How much is done."""
        if not job.total:
            return str(job.done)
        return _("%(done)d of %(total)d (%(percent)d %%)") % {
            "done": job.done,
            "total": job.total,
            "percent": 100 * job.done // job.total,
        }
