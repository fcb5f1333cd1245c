"""A ticket with something of everything, and forms as a browser would fill them."""

import html
import re

import pytest

from tests.factories import ContactFactory, make_message, make_ticket
from tickets.actions.annotate import annotate


@pytest.fixture
def ana(db):
    """A customer without a login."""
    return ContactFactory(name="Ana Ruiz", email="ana@acme.example")


@pytest.fixture
def ticket(queue, ana):
    """Ana's ticket in the queue."""
    return make_ticket(queue=queue, requester=ana, subject="Export fails on 4.2")


@pytest.fixture
def long_ticket(queue, ana, agent):
    """Ninety messages and annotations."""
    ticket = make_ticket(queue=queue, requester=ana, subject="A long story")
    for number in range(45):
        make_message(ticket, body=f"Message {number}.")
        annotate(ticket, f"Thought {number}.", by=agent.scope)
    return ticket


def form_of(response, form_id):
    """The hidden fields and ticked boxes of a form on a page, as a browser would send them."""
    page = response.content.decode()
    form = re.search(rf'<form[^>]*id="{form_id}".*?</form>', page, re.DOTALL).group()
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    boxes = r'<input type="checkbox" name="([^"]+)" value="([^"]*)"[^>]* checked>'
    chosen = r'<input type="radio" name="([^"]+)" value="([^"]*)" checked>'
    fields = {name: html.unescape(value) for name, value in hidden}
    fields |= dict(re.findall(chosen, form))
    for name, value in re.findall(boxes, form):
        fields.setdefault(name, []).append(html.unescape(value))
    return fields


@pytest.fixture
def write():
    """Post a reply or an annotation the way its page does: `write(client, ticket, "Hello")`."""

    def post(client, ticket, body, *, kind="reply", page=None, **more):
        page = page or client.get(f"/t/{ticket.pk}/")
        action = "annotate" if kind == "annotation" else kind
        data = form_of(page, kind) | {"body": body} | more
        return client.post(f"/t/{ticket.pk}/{action}/", data)

    return post
