"""How the reader wants the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from helpdesk.http import StaffRequest, render_form, staff_page
from helpdesk.staff.forms import ProfileForm

if TYPE_CHECKING:
    from tickets.models import User

_YEAR_S = 365 * 24 * 3600


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def profile(request: StaffRequest) -> HttpResponse:
    """The reader's own settings."""
    density = request.COOKIES.get("density", "comfortable")
    form = ProfileForm(request.POST or None, instance=request.user, initial={"density": density})
    if request.method != "POST":
        return render(request, "staff/profile.html", {"form": form})
    if not form.is_valid():
        request.user.refresh_from_db()
        return render_form(request, "staff/profile.html", {"form": form})
    user = form.save()
    messages.success(request, _("Saved."))
    response = redirect("staff:profile")
    keep_looks(response, user, density=form.cleaned_data["density"])
    return response


def keep_looks(response: HttpResponse, user: User, *, density: str = "") -> None:
    """Set the cookies by which the server sends pages as chosen, so that nothing flashes."""
    chosen = {"theme": "" if user.theme == "system" else user.theme}
    chosen["keys"] = "" if user.hotkeys else "off"
    if density:
        chosen["density"] = density
    for name, value in chosen.items():
        if value:
            response.set_cookie(
                name, value, max_age=_YEAR_S, samesite="Lax", secure=settings.SECURE
            )
        else:
            response.delete_cookie(name, samesite="Lax")
