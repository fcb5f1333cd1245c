"""The template tags, the shell of a page, and what the middleware does for htmx."""

from datetime import timedelta

import pytest
from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse, HttpResponseRedirect
from django.template import Context, Template, TemplateSyntaxError
from django_htmx.middleware import HtmxDetails, HtmxMiddleware

from helpdesk.http import render_form, render_partial
from helpdesk.middleware import HtmxChoresMiddleware
from helpdesk.templatetags import ui
from tickets import clock as clock_module
from tickets.states import Priority, Status, Turn


def render(source, **context):
    return Template(source).render(Context(context))


@pytest.fixture
def get(rf):
    """A request as it reaches a view; `htmx=True` for one that htmx makes."""

    def _get(*, htmx=False, cookies=None, **headers):
        extra = {"HX-Request": "true"} if htmx else {}
        request = rf.get("/", headers=extra | headers)
        request.COOKIES.update(cookies or {})
        request.htmx = HtmxDetails(request)
        request._messages = CookieStorage(request)
        return request

    return _get


class TestComponent:
    def test_renders_a_template_around_its_content(self):
        html = render(
            '{% component "card" title="A & B" %}<p>In</p>'
            '{% slot "foot" %}F{% endslot %}{% endcomponent %}'
        )
        assert "<p>In</p>" in html
        assert '<div class="card__foot">F</div>' in html

    def test_values_are_escaped(self):
        html = render('{% component "chip" text=name / %}', name="<b>")
        assert "&lt;b&gt;" in html

    def test_sees_nothing_of_the_page_but_its_parameters(self):
        html = render('{% component "button" label="Go" / %}', kind="danger", hotkey="x")
        assert "button--secondary" in html
        assert "data-hotkey" not in html

    def test_prefixed_names_become_attributes(self):
        source = '{% component "button" label="Go" hx_post=url data_x=True aria_busy=None / %}'
        html = render(source, url="/a?b=1&c")
        assert 'hx-post="/a?b=1&amp;c"' in html
        assert " data-x" in html
        assert "aria-busy" not in html

    @pytest.mark.parametrize(
        "tag", ['"badge" tone="ok"', '"badge" tone="ok" word="W" colour="red"']
    )
    def test_says_what_is_missing_or_unknown(self, tag):
        with pytest.raises(TemplateSyntaxError, match=r"word|colour"):
            render(f"{{% component {tag} / %}}")


class TestTimes:
    @pytest.mark.parametrize(
        ("length", "words"),
        [
            ({"seconds": 20}, "0m"),
            ({"minutes": 24, "seconds": 59}, "24m"),
            ({"hours": 1, "minutes": 12}, "1h 12m"),
            ({"hours": 2}, "2h"),
            ({"days": 2, "hours": 3, "minutes": 9}, "2d 3h"),
            ({"days": 2, "minutes": 9}, "2d"),
            ({"minutes": -18}, "18m"),
        ],
    )
    def test_span_names_the_two_largest_units(self, length, words):
        assert ui.span(timedelta(**length)) == words

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("age", "words"),
        [
            ({"seconds": 5}, "now"),
            ({"minutes": 9}, "9m"),
            ({"hours": 5, "minutes": 50}, "5h"),
            ({"days": 3}, "3d"),
        ],
    )
    def test_ago_is_one_unit(self, clock, age, words):
        assert ui.ago(clock_module.now() - timedelta(**age)) == words

    @pytest.mark.django_db
    def test_when_is_exact_in_the_readers_zone(self, clock, settings):
        settings.TIME_ZONE = "Europe/Berlin"
        html = ui.when(clock_module.now())
        assert "CET" in html or "CEST" in html
        assert "datetime=" in html

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("left", "state", "words"),
        [
            ({"hours": 2}, "running", "Reply due 2h"),
            ({"minutes": 24}, "soon", "Reply due 24m"),
            ({"minutes": -18}, "late", "Reply late 18m"),
        ],
    )
    def test_clock_says_the_next_deadline(self, clock, left, state, words):
        html = render(
            '{% component "clock" due=due / %}', due=clock_module.now() + timedelta(**left)
        )
        assert f'data-state="{state}"' in html
        assert words in html

    def test_clock_that_does_not_run_says_why(self):
        assert "Paused · customer&#x27;s turn" in render(
            '{% component "clock" paused=why / %}', why="customer's turn"
        )


class TestSmallTags:
    @pytest.mark.parametrize("status", Status)
    def test_status_has_icon_word_and_tone(self, status):
        html = ui.status_badge(status.value)
        assert "<svg" in html
        assert str(status.label) in html

    def test_priority_and_turn_have_badges(self):
        assert "P0" in ui.priority_badge(Priority.P0)
        assert "Our turn" in ui.turn_badge(Turn.US)

    @pytest.mark.parametrize(
        ("name", "initials"),
        [("Ana Ruiz", "AR"), ("Kim", "K"), ("", "?"), ("🦊 Fox", "F"), ("<b> x", "X")],
    )
    def test_avatar_shows_initials(self, name, initials):
        assert f">{initials}<" in ui.avatar(name)

    def test_avatar_keeps_its_colour(self):
        assert ui.avatar("Ana Ruiz") == ui.avatar("Ana Ruiz")

    def test_keys_are_named_as_on_the_keyboard(self):
        assert ui.kbd("Mod+Enter").count("<kbd") == 1
        assert ui.kbd("g i").count("<kbd") == 2


class TestShell:
    def test_htmx_gets_the_body_alone(self, get):
        assert ui.shell(get(htmx=True)) == "fragment.html"

    @pytest.mark.parametrize("header", [None, "HX-Boosted", "HX-History-Restore-Request"])
    def test_others_get_the_whole_page(self, get, header):
        headers = {header: "true"} if header else {}
        assert ui.shell(get(htmx=bool(header), **headers)) == "page.html"

    def test_choices_come_from_cookies(self, get):
        request = get(cookies={"theme": "dark", "keys": "off"})
        html = ui.html_attributes(Context({"request": request}))
        assert 'data-theme="dark" data-keys="off"' in html

    def test_nonsense_in_a_cookie_is_left_out(self, get):
        request = get(cookies={"theme": '"><script>'})
        assert "theme" not in ui.html_attributes(Context({"request": request}))

    @pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
    def test_error_pages_need_no_request_and_say_what_to_do(self, name):
        html = Template(f'{{% extends "{name}.html" %}}').render(Context({}))
        assert "<h1" in html
        assert "href=" in html


class TestMiddleware:
    def answer(self, request, response):
        return HtmxMiddleware(HtmxChoresMiddleware(lambda _request: response))(request)

    def test_every_answer_varies_by_htmx(self, get):
        assert "HX-Request" in self.answer(get(), HttpResponse())["Vary"]

    def test_redirect_changes_the_page_in_place(self, get):
        response = self.answer(get(htmx=True), HttpResponseRedirect("/t/1/"))
        assert response.status_code == 200
        assert '"path": "/t/1/"' in response["HX-Location"]

    def test_redirect_of_a_browser_stays_one(self, get):
        assert self.answer(get(), HttpResponseRedirect("/t/1/")).status_code == 302

    def test_cookies_survive_the_redirect(self, get):
        redirect = HttpResponseRedirect("/t/1/")
        redirect.set_cookie("session", "x")
        assert self.answer(get(htmx=True), redirect).cookies["session"].value == "x"

    def test_messages_ride_along(self, get):
        request = get(htmx=True)
        messages.success(request, "Sent to <Ana>.")
        body = self.answer(request, HttpResponse("<p>ok</p>")).content.decode()
        assert body.startswith("<p>ok</p>")
        assert 'hx-swap-oob="beforeend:#toasts"' in body
        assert "Sent to &lt;Ana&gt;." in body

    def test_messages_stay_out_of_data(self, get):
        request = get(htmx=True)
        messages.success(request, "Sent.")
        assert self.answer(request, HttpResponse("1,2", content_type="text/csv")).content == b"1,2"


@pytest.mark.django_db
class TestRender:
    @pytest.fixture(autouse=True)
    def _page(self, settings):
        page = (
            '{% extends "base.html" %}{% block content %}<h1>All</h1>'
            "{% partialdef part inline %}<p>Part</p>{% endpartialdef %}{% endblock %}"
        )
        loader = ("django.template.loaders.locmem.Loader", {"page.html.test": page})
        options = settings.TEMPLATES[0]["OPTIONS"]
        loaders = [("template_partials.loader.Loader", [loader, *options["loaders"]])]
        settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": {**options, "loaders": loaders}}]

    def test_target_of_htmx_gets_its_part_alone(self, get):
        request = get(htmx=True, **{"HX-Target": "part"})
        assert render_partial(request, "page.html.test", target="part").content == b"<p>Part</p>"

    def test_refused_form_is_422(self, get):
        response = render_form(get(htmx=True), "page.html.test")
        assert response.status_code == 422
        assert b"<html" not in response.content
