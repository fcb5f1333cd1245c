"""Where the outside hands things in."""

from django.urls import path

from integrations import webhooks

urlpatterns = [path("<slug:kind>/<slug:token>/", webhooks.receive, name="hook")]
