"""The page behind the link that stops automatic mails; nobody has to sign in for it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations import unsubscribe


# The mail provider's one-click request comes without our cookies (RFC 8058, 3.2); the signature
# in the address is what gives the right, and it gives no other.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mail_stop(request: HttpRequest, token: str) -> HttpResponse:
    """Say what can be stopped (GET, changes nothing); stop it or undo that (POST)."""
    asked = unsubscribe.read(token)
    if asked is None:
        return render(request, "unsubscribe.html", {"asked": None, "is_stopped": False}, status=404)
    if request.method == "POST":
        act = unsubscribe.resume if "again" in request.POST else unsubscribe.stop
        act(asked)
    context = {"asked": asked, "is_stopped": unsubscribe.is_stopped(asked.address, asked.kind)}
    return render(request, "unsubscribe.html", context)
