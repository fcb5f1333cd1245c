"""Domains that mail leaves from: what DNS says of them, and the keys that sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations import wake
from integrations.email import dkim, domain_words
from integrations.models import DkimKey, SendingDomain
from tickets.admin.organisations import DOMAIN
from tickets.errors import Refused


class DomainForm(forms.ModelForm):
    """A bare domain."""

    class Meta:
        model = SendingDomain
        fields = ["domain"]

    def clean_domain(self) -> str:
        """In lower case. Raises ValidationError when it is none."""
        domain: str = self.cleaned_data["domain"].strip().lower().lstrip("@").rstrip(".")
        if not DOMAIN.fullmatch(domain):
            raise ValidationError(gettext("Write the part after the @ alone, like example.org."))
        return domain


@admin.register(SendingDomain)
class SendingDomainAdmin(admin.ModelAdmin):
    """SPF, DKIM and DMARC of our own domains; those of channels are added by themselves."""

    form = DomainForm
    change_form_template = "admin/integrations/sendingdomain/change_form.html"
    list_display = ["domain", "state_in_words", "signs", "checked_at"]
    search_fields = ["domain"]
    fields = ["domain", "checked_at"]
    readonly_fields = ["checked_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002
        """A domain does not change: remove it and add another."""
        return [*(["domain"] if obj else []), *self.readonly_fields]

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the keys the list tells of."""
        return super().get_queryset(request).prefetch_related("keys")

    @admin.display(description=_("state"))
    def state_in_words(self, domain: Any) -> str:
        """The worst of what was found."""
        if not domain.checked_at:
            return gettext("not checked yet")
        return domain_words.state_word(domain_words.worst(domain))

    @admin.display(description=_("signs"), boolean=True)
    def signs(self, domain: Any) -> bool:
        """Whether a key signs."""
        return any(key.state == "active" for key in domain.keys.all())

    def get_urls(self) -> list[URLPattern]:
        """With what the buttons do."""
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/check/", wrap(self.check_now), name="sendingdomain_check"),
            path("<int:pk>/key/", wrap(self.make_key), name="sendingdomain_key"),
            path("<int:pk>/stop/", wrap(self.stop), name="sendingdomain_stop"),
            path("key/<int:pk>/start/", wrap(self.start), name="dkimkey_start"),
            path("key/<int:pk>/remove/", wrap(self.remove), name="dkimkey_remove"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With findings and keys."""
        found = SendingDomain.objects.filter(pk=object_id) if object_id.isdecimal() else None
        domain = found.first() if found else None
        shown = {
            "findings": domain_words.in_words(domain) if domain else [],
            "keys": domain.keys.order_by("created_at") if domain else [],
        }
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """A new domain is looked up at once."""
        super().save_model(request, obj, form, change)
        wake.domain_check(obj)

    def check_now(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have a worker ask DNS; the page itself never waits for it."""

        def asked(domain: SendingDomain) -> str:
            wake.domain_check(domain)
            return gettext("DNS is being asked. Open this page again in a few seconds.")

        return self._done(request, get_object_or_404(SendingDomain, pk=pk), asked)

    def make_key(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new key pair, to be published."""

        def made(domain: SendingDomain) -> str:
            key = dkim.prepare(domain)
            wake.domain_check(domain)
            return gettext("Publish the record of %(name)s below, then press “Check now”.") % {
                "name": key.record_name
            }

        return self._done(request, get_object_or_404(SendingDomain, pk=pk), made)

    def stop(self, request: HttpRequest, pk: int) -> HttpResponse:
        """No more signatures."""

        def stopped(domain: SendingDomain) -> str:
            dkim.stop(domain)
            wake.domain_check(domain)
            return gettext("Mail is no longer signed. Keep the record published for a week.")

        return self._done(request, get_object_or_404(SendingDomain, pk=pk), stopped)

    def start(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sign with a key that DNS holds."""
        key = get_object_or_404(DkimKey.objects.select_related("domain"), pk=pk)

        def started(domain: SendingDomain) -> str:
            dkim.start(key)
            wake.domain_check(domain)
            return gettext("Mail is signed with %(selector)s from now on.") % {
                "selector": key.selector
            }

        return self._done(request, key.domain, started)

    def remove(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Forget a key."""
        key = get_object_or_404(DkimKey.objects.select_related("domain"), pk=pk)

        def removed(domain: SendingDomain) -> str:
            dkim.remove(key)
            wake.domain_check(domain)
            return gettext("Removed. Take %(name)s out of DNS too.") % {"name": key.record_name}

        return self._done(request, key.domain, removed)

    def _done(
        self, request: HttpRequest, domain: SendingDomain, act: Callable[[SendingDomain], str]
    ) -> HttpResponse:
        """Let an admin do it by POST; a refusal is told in its own words."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_change_permission(request):
            raise PermissionDenied
        try:
            messages.success(request, act(domain))
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            self.log_change(request, domain, act.__name__)
        return HttpResponseRedirect(
            reverse("admin:integrations_sendingdomain_change", args=[domain.pk])
        )
