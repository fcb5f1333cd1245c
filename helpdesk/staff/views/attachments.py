"""Handing out files: always a download, unless the bytes prove a plain picture (R04, R05)."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from helpdesk.http import StaffRequest, staff_page
from tickets import attachments
from tickets.models import Attachment


@require_safe
@staff_page
def download(request: StaffRequest, pk: int) -> HttpResponse:
    """The bytes of a file the reader may see; unknown and forbidden look alike (C11)."""
    file = Attachment.objects.visible_to(request.scope).filter(pk=pk).first()
    if file is None:
        raise Http404
    try:
        data = attachments.read(file)
    except OSError:
        return HttpResponse(
            _("The file is missing in the storage. Tell an admin its number: %(pk)s.") % {"pk": pk},
            status=503,
            content_type="text/plain; charset=utf-8",
        )
    return serve(data, name=file.name)


def serve(data: bytes, *, name: str) -> HttpResponse:
    """An answer that no browser runs: our own type, no sniffing, a sandbox without anything."""
    shown = attachments.served_type(data)
    response = HttpResponse(data, content_type=shown or "application/octet-stream")
    disposition = content_disposition_header(
        as_attachment=shown is None, filename=attachments.clean_name(name)
    )
    response["Content-Disposition"] = disposition or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
