"""Logins: staff and customers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tickets.admin.administrators import GROUP, administrators
from tickets.admin.guard import GuardedAccessAdmin
from tickets.models import TeamMembership, User

_RIGHTS = ("is_active", "is_staff", "is_superuser", "groups")


def _free_email(email: str, *, user: User) -> str:
    """The email in lower case. Raises ValidationError when another login has it."""
    email = email.strip().lower()
    if User.objects.filter(email__iexact=email).exclude(pk=user.pk).exists():
        raise ValidationError(gettext("Another login has this email. Search for it in the list."))
    return email


class NewUserForm(AdminUserCreationForm):
    """Email, name and a first password."""

    class Meta:
        model = User
        fields = ("email", "name", "is_staff")

    def clean_email(self) -> str:
        """Kept in lower case, once."""
        return _free_email(self.cleaned_data["email"], user=self.instance)


class UserForm(UserChangeForm):
    """Everything but the password, which has a page of its own."""

    class Meta:
        model = User
        fields = "__all__"

    def clean_email(self) -> str:
        """Kept in lower case, once."""
        return _free_email(self.cleaned_data["email"], user=self.instance)


class TeamsInline(admin.TabularInline):
    """The teams a colleague is in; a team's accesses give its members their queues."""

    model = TeamMembership
    autocomplete_fields = ["team"]
    extra = 0
    verbose_name = _("team")
    verbose_name_plural = _("teams")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes their own teams but a superuser (C06)."""
        return super().has_change_permission(request, obj) and not _is_self(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changing."""
        return super().has_add_permission(request, obj) and not _is_self(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changing."""
        return super().has_delete_permission(request, obj) and not _is_self(request, obj)


def _is_self(request: HttpRequest, user: User | None) -> bool:
    return bool(user and user.pk == request.user.pk and not request.user.is_superuser)


@admin.register(User)
class UserAdmin(GuardedAccessAdmin, StockUserAdmin):
    """Who can sign in. Logins are switched off, never deleted: what they wrote stays theirs."""

    add_form, form = NewUserForm, UserForm
    list_display = ["email", "name", "is_staff", "teams_in_words", "is_active", "last_login"]
    list_filter = ["is_staff", "is_active", "teams", "groups"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    autocomplete_fields = ["contact"]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = ()
    inlines = [TeamsInline]
    fieldsets = [
        (None, {"fields": ["email", "name", "password", "contact"]}),
        (
            _("Rights"),
            {
                "fields": list(_RIGHTS),
                "description": _(
                    "Staff reach a queue through a team. Members of the group “Admins” "
                    "configure everything here and see no ticket by that."
                ),
            },
        ),
        (_("Preferences"), {"fields": ["time_zone", "language", "theme", "hotkeys", "signature"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "name", "is_staff", "usable_password"]}),
        (_("Password"), {"fields": ["password1", "password2"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With the teams the list names."""
        return super().get_queryset(request).prefetch_related("teams")

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:  # noqa: ARG002
        """Teams once the login exists and is staff."""
        return [TeamsInline] if obj and obj.is_staff else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Only superusers make superusers; nobody else changes their own rights (C06)."""
        fixed = list(super().get_readonly_fields(request, obj))
        if _is_self(request, obj):
            return [*fixed, *_RIGHTS]
        return fixed if request.user.is_superuser else [*fixed, "is_superuser"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser's login, its password too, is changed by superusers alone."""
        above = bool(obj and obj.is_superuser and not request.user.is_superuser)
        return super().has_change_permission(request, obj) and not above

    def has_delete_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        """Never: switch the login off."""
        return False

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The one group there is, made on first use, as a checkbox."""
        if db_field.name == "groups":
            administrators()
            kwargs["queryset"] = db_field.related_model.objects.filter(name=GROUP)
            kwargs["widget"] = forms.CheckboxSelectMultiple()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description=_("teams"))
    def teams_in_words(self, user: User) -> str:
        """Names of the teams."""
        return ", ".join(team.name for team in user.teams.all())
