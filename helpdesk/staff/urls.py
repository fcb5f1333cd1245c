"""The pages for staff: one line each, grouped by noun."""

from django.conf import settings
from django.urls import path

from helpdesk.staff.views import gallery

app_name = "staff"
urlpatterns = []

if settings.DEBUG or getattr(settings, "GALLERY", False):
    urlpatterns += [
        path("gallery/", gallery.gallery, name="gallery"),
        path("gallery/panes/", gallery.panes, name="gallery-panes"),
    ]
