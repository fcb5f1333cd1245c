"""Every component on one page: what a new page is built from. Only in development and tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django import forms
from django.conf import settings
from django.contrib.messages import SUCCESS
from django.contrib.messages.storage.base import Message
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from helpdesk.http import HtmxRequest
from tickets import clock
from tickets.states import Priority, Status, Turn

TEMPLATES = Path(settings.BASE_DIR) / "templates"


@dataclass(frozen=True)
class Shown:
    """A component and the template that shows examples of it."""

    name: str

    @property
    def anchor(self) -> str:
        return "part-" + self.name.replace("/", "-")

    @property
    def example(self) -> str:
        return f"staff/gallery/{self.name}.html"

    @property
    def has_example(self) -> bool:
        return (TEMPLATES / self.example).is_file()


def components() -> list[Shown]:
    """Every template under `templates/components`, by name."""
    folder = TEMPLATES / "components"
    paths = sorted(folder.rglob("*.html"))
    return [Shown(path.relative_to(folder).with_suffix("").as_posix()) for path in paths]


class ExampleForm(forms.Form):
    """One field of each sort."""

    subject = forms.CharField(help_text="One line that would find this ticket again.")
    email = forms.EmailField(widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    body = forms.CharField(widget=forms.Textarea, required=False)
    product = forms.ChoiceField(choices=[("", "Choose a product"), ("core", "Core")])
    urgent = forms.BooleanField(required=False, help_text="Production is down, no workaround.")
    reach = forms.ChoiceField(
        widget=forms.RadioSelect, choices=[("mail", "By mail"), ("phone", "By phone")]
    )
    log = forms.FileField(required=False, help_text="Up to 20 MB.")


@require_safe
def gallery(request: HtmxRequest) -> HttpResponse:
    """The gallery page."""
    return render(request, "staff/gallery/index.html", _examples() | {"components": components()})


@require_safe
def panes(request: HtmxRequest) -> HttpResponse:
    """The four panes as a whole page; `?show=ticket` is what a phone gets after a tap."""
    show = "ticket" if request.GET.get("show") == "ticket" else "list"
    return render(request, "staff/gallery/panes_page.html", _examples() | {"show": show})


def _examples() -> dict[str, object]:
    now = clock.now()
    refused = ExampleForm({"refused-email": "ana@", "refused-body": "My text"}, prefix="refused")
    return {
        "form": ExampleForm(),
        "refused": refused,
        "statuses": Status.values,
        "priorities": Priority.values,
        "turns": Turn.values,
        "labels": [
            {"name": "bug", "tone": "bad"},
            {"name": "4.2", "tone": ""},
            {"name": "x", "tone": ""},
        ],
        "tabs": [
            {"label": "Tickets", "url": "#tabs", "current": True, "count": 14},
            {"label": "People", "url": "#tabs", "count": 0},
            {"label": "Contract and everything that belongs to it", "url": "#tabs", "count": None},
        ],
        "waiting": [Message(SUCCESS, "Sent to Ana +2.")],
        "long_list": range(1, 31),
        "now": now,
        "minutes_ago": now - timedelta(minutes=9),
        "hours_ago": now - timedelta(hours=5, minutes=12),
        "days_ago": now - timedelta(days=3),
        "months_ago": now - timedelta(days=100),
        "in_minutes": now + timedelta(minutes=24, seconds=30),
        "in_hours": now + timedelta(hours=2, minutes=12, seconds=30),
        "nav_groups": nav_groups(),
    }


def nav_groups() -> list[dict[str, object]]:
    """A navigation with something in every place."""
    views = [
        ("Inbox", "inbox", "g i", 4),
        ("Mine", "user", "g m", 12),
        ("Unassigned", "user-plus", "g u", 9),
        ("Waiting", "pause-circle", "g w", 0),
        ("Snoozed", "moon", "g s", 3),
    ]
    first = [
        {"label": label, "url": f"#{label}", "symbol": symbol, "hotkey": key, "count": count}
        for label, symbol, key, count in views
    ]
    first[1]["current"] = True
    pinned = [
        {"label": "Gold due", "url": "#gold", "symbol": "bookmark", "count": 2, "hot": True},
        {"label": "A view with a name much too long for it", "url": "#long", "symbol": "bookmark"},
    ]
    return [{"label": "", "items": first}, {"label": "Pinned", "items": pinned}]
