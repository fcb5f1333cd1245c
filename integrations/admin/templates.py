"""The words of mails, with a look at what they become and a copy to oneself."""

from __future__ import annotations

from typing import Any, cast

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join, linebreaks
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations import previews, wake, wording
from integrations.email import render
from tickets import placeholders
from tickets.models import MessageTemplate, Queue, TemplateKind, Ticket, User
from tickets.models.templates import LANGUAGES
from tickets.permissions import scope_of

_LONGEST_NUMBER = 18


class TemplateForm(forms.ModelForm):
    """A template whose placeholders all mean something."""

    language = forms.ChoiceField(
        label=_("Language"),
        initial="en",
        choices=lambda: sorted(
            ((code, gettext(name)) for code, name in LANGUAGES.items()), key=lambda row: row[1]
        ),
        help_text=MessageTemplate._meta.get_field("language").help_text,
    )

    class Meta:
        model = MessageTemplate
        fields = ["kind", "queue", "language", "subject", "body", "is_active"]
        widgets = {"body": forms.Textarea(attrs={"rows": 14, "cols": 90, "dir": "auto"})}

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError naming what nothing replaces and what may have been meant."""
        values = super().clean() or self.cleaned_data
        kind = values.get("kind")
        if kind:
            for name in ("subject", "body"):
                self._check(name, values.get(name) or "", kind=kind)
        return values

    def _check(self, field: str, text: str, *, kind: str) -> None:
        known = set(wording.PLACEHOLDERS[kind])
        if field == "subject":
            known -= wording.MARKED
        for name, close in placeholders.unknown(text, known):
            self.add_error(field, _unknown_in_words(name, close))
        needed = kind in wording.FRAMES and field == "body"
        if needed and placeholders.count(text, wording.TEXT) != 1:
            self.add_error(
                field,
                ValidationError(
                    gettext("Write %(name)s exactly once: the colleague's text goes there.")
                    % {"name": in_braces(wording.TEXT)}
                ),
            )

    def save(self, commit: bool = True) -> MessageTemplate:  # noqa: FBT001, FBT002 - Django's signature
        """A change of words is a new version; what was wrong with the old one is forgotten."""
        if self.instance.pk and {"subject", "body", "language"} & set(self.changed_data):
            self.instance.version += 1
        self.instance.problem, self.instance.problem_at = "", None
        saved: MessageTemplate = super().save(commit)
        return saved


def _unknown_in_words(name: str, close: str) -> ValidationError:
    said = {"name": in_braces(name), "close": in_braces(close)}
    if close:
        words = gettext("Nothing replaces %(name)s. Did you mean %(close)s?") % said
    else:
        words = gettext("Nothing replaces %(name)s. The list below says what can be used.") % said
    return ValidationError(words)


def in_braces(name: str) -> str:
    """A placeholder as it is typed."""
    return f"{{{{{name}}}}}"


@admin.register(MessageTemplate)
class MessageTemplateAdmin(admin.ModelAdmin):
    """Words of mails by kind, queue and language."""

    form = TemplateForm
    change_form_template = "admin/tickets/messagetemplate/change_form.html"
    list_display = ["kind", "queue", "language", "subject", "is_active", "version", "is_sound"]
    list_filter = ["kind", "queue", "language", "is_active"]
    list_select_related = ["queue"]
    search_fields = ["subject", "body", "queue__name"]
    readonly_fields = ["placeholders", "built_in", "version", "changed_at", "problem", "problem_at"]
    fieldsets = [
        (None, {"fields": ["kind", "queue", "language", "is_active"]}),
        (_("Words"), {"fields": ["subject", "body", "placeholders", "built_in"]}),
        (_("State"), {"fields": ["version", "changed_at", "problem", "problem_at"]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        """With the preview, which also takes what is typed and not saved."""
        # Its frames hold a mail, whose looks stand on each element; scripts stay forbidden.
        relaxed = csp_update({"style-src": [UNSAFE_INLINE]})
        view = relaxed(self.admin_site.admin_view(self.preview))
        return [
            path("preview/", view, name="tickets_messagetemplate_preview_new"),
            path("<int:pk>/preview/", view, name="tickets_messagetemplate_preview"),
            *super().get_urls(),
        ]

    @admin.display(description=_("usable"), boolean=True)
    def is_sound(self, template: Any) -> bool:
        """Whether the last mail could be written with it."""
        return not template.problem

    @admin.display(description=_("What can be filled in"))
    def placeholders(self, template: Any) -> SafeString:
        """The names each kind of template knows."""
        return format_html_join(
            "",
            "<details{}><summary>{}</summary><p>{}</p></details>",
            (
                (
                    " open" if kind == template.kind else "",
                    label,
                    _lines(wording.PLACEHOLDERS[kind]),
                )
                for kind, label in TemplateKind.choices
            ),
        )

    @admin.display(description=_("Built-in words"))
    def built_in(self, template: Any) -> SafeString:
        """What holds where no template does, to begin with."""
        kinds = [template.kind] if template.kind else TemplateKind.values
        language = template.language or "en"
        return format_html_join(
            "",
            "<details><summary>{}</summary>{}</details>",
            (
                (
                    TemplateKind(kind).label,
                    # Escaped by it, line by line.
                    SafeString(
                        linebreaks(wording.built_in(kind, language=language)[1], autoescape=True)
                    ),
                )
                for kind in kinds
            ),
        )

    def preview(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """What a template makes of a ticket; POST takes the form as typed, and sends a test."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        stored = get_object_or_404(MessageTemplate, pk=pk) if pk else None
        form = TemplateForm(request.POST or None, instance=stored)
        ticket, ticket_error = _ticket_named(request)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": gettext("Preview"),
            "opts": self.opts,
            "form": form,
            "ticket": ticket,
            "ticket_error": ticket_error,
            "stored": stored,
            "action": request.path,
            "number": ticket.pk if ticket else "",
            "letter": None,
            "problem": "",
        }
        if request.method != "POST":
            asked = stored or _asked_for(request)
            context["form"] = TemplateForm(instance=asked)
            return _shown(request, context, asked, ticket)
        if not form.is_valid():
            return _page(request, context, status=422)
        template = form.instance
        if "send" in request.POST and not ticket_error:
            return _sent(request, template, ticket, back_to=pk)
        return _shown(request, context, template, ticket)


def _lines(names: Any) -> SafeString:
    return format_html_join(
        "", "<code>{}</code> – {}<br>", ((in_braces(name), names[name]) for name in names)
    )


def _ticket_named(request: HttpRequest) -> tuple[Ticket | None, str]:
    """The ticket whose number was typed, if this reader may see it; else why not."""
    typed = (request.POST.get("preview_ticket") or request.GET.get("ticket") or "").strip("# ")
    if not typed:
        return None, ""
    visible = Ticket.objects.visible_to(scope_of(cast(User, request.user))).for_inbox()
    is_number = typed.isascii() and typed.isdecimal() and len(typed) < _LONGEST_NUMBER
    found = visible.filter(pk=typed).first() if is_number else None
    return found, "" if found else gettext("There is no such ticket for you; this is a sample.")


def _asked_for(request: HttpRequest) -> MessageTemplate:
    """The built-in words of a kind, as a queue's mails would carry them now."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in TemplateKind.values else TemplateKind.REPLY
    queue = request.GET.get("queue", "")
    return MessageTemplate(
        kind=kind,
        queue=Queue.objects.filter(pk=queue).first() if queue.isdecimal() else None,
        body=wording.built_in(kind, language="en")[1],
    )


def _shown(
    request: HttpRequest, context: dict[str, Any], template: MessageTemplate, ticket: Ticket | None
) -> HttpResponse:
    try:
        letter = previews.letter_of(template, by=cast(User, request.user), ticket=ticket)
    except ValueError as error:
        return _page(request, {**context, "problem": str(error)}, status=422)
    html = render.html(letter, pictures=previews.pictures_of(letter))
    return _page(
        request,
        {
            **context,
            "letter": letter,
            "text": render.text(letter),
            "html": html,
            "dark": render.as_in_the_dark(html),
        },
    )


def _page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return TemplateResponse(
        request, "admin/tickets/messagetemplate/preview.html", context, status=status
    )


def _sent(
    request: HttpRequest, template: MessageTemplate, ticket: Ticket | None, *, back_to: int | None
) -> HttpResponse:
    user = cast(User, request.user)
    try:
        delivery = previews.send(previews.letter_of(template, by=user, ticket=ticket), to=user)
    except ValueError as error:
        messages.error(request, str(error))
    else:
        wake.delivery(delivery)
        messages.success(
            request, gettext("A test is on its way to %(address)s.") % {"address": user.email}
        )
    if back_to is None:
        return HttpResponseRedirect(reverse("admin:tickets_messagetemplate_changelist"))
    return HttpResponseRedirect(reverse("admin:tickets_messagetemplate_change", args=[back_to]))
