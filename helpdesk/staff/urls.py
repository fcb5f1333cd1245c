"""The pages for staff: one line each, grouped by noun."""

from django.conf import settings
from django.urls import path, register_converter

from helpdesk.staff.views import (
    attachments,
    blocked,
    change,
    channels,
    forward,
    gallery,
    held,
    inbox,
    notices,
    people,
    profile,
    reply,
    ticket,
    trash,
    triage,
    undelivered,
)
from tickets.inbox import View


class ViewConverter:
    """One of the views everybody has."""

    regex = "|".join(View)

    def to_python(self, value: str) -> View:
        """The view of an address."""
        return View(value)

    def to_url(self, value: str) -> str:
        """The word that stands in the address."""
        return str(value)


register_converter(ViewConverter, "view")

app_name = "staff"
urlpatterns = [
    path("", inbox.home, name="home"),
    # Lists
    path("inbox/", inbox.home, name="inbox-home"),
    path("inbox/<view:view>/", inbox.inbox, name="inbox"),
    path("inbox/<view:view>/<int:number>/", inbox.beside, name="inbox-ticket"),
    path("inbox/queue/<slug:slug>/", inbox.queue, name="queue"),
    path("inbox/queue/<slug:slug>/<int:number>/", inbox.beside_queue, name="queue-ticket"),
    # One ticket
    path("t/<int:number>/", ticket.ticket, name="ticket"),
    path("t/<int:number>/message/<int:pk>/", ticket.original, name="message"),
    path("t/<int:number>/reply/", reply.reply, name="reply"),
    path("t/<int:number>/forward/", forward.forward, name="forward"),
    path("t/<int:number>/side/<int:pk>/", forward.side, name="side"),
    path("t/<int:number>/annotate/", reply.annotate, name="annotate"),
    path("t/<int:number>/draft/<str:kind>/", reply.draft, name="draft"),
    path("t/<int:number>/draft/<str:kind>/discard/", reply.discard, name="discard"),
    path("undo/<int:pk>/", reply.undo, name="undo"),
    path("attachments/<int:pk>/", attachments.download, name="attachment"),
    # Changes at once
    path("t/<int:number>/take/", triage.take, name="take"),
    path("t/<int:number>/unassign/", triage.unassign, name="unassign"),
    path("t/<int:number>/turn/", triage.turn, name="turn"),
    path("t/<int:number>/kind/", triage.kind, name="kind"),
    path("t/<int:number>/people/known/", people.suggest, name="suggest"),
    path("t/<int:number>/people/<int:pk>/", people.participant, name="participant"),
    path("t/<int:number>/addresses/<int:pk>/works/", people.reachable, name="reachable"),
    path("t/<int:number>/deliveries/<int:pk>/again/", triage.resend, name="resend"),
    # Changes that ask something
    path("t/<int:number>/status/", change.status, name="status"),
    path("t/<int:number>/priority/", change.priority, name="priority"),
    path("t/<int:number>/assign/", change.assign, name="assign"),
    path("t/<int:number>/queue/", change.queue, name="move"),
    path("t/<int:number>/labels/", change.labels, name="labels"),
    path("t/<int:number>/people/", change.people, name="people"),
    path("t/<int:number>/links/", change.link, name="link"),
    path("t/<int:number>/trash/", trash.discard, name="discard-ticket"),
    path("t/<int:number>/spam/", trash.spam, name="spam"),
    path("t/<int:number>/restore/", trash.restore, name="restore"),
    path("t/<int:number>/purge/", trash.purge, name="purge"),
    path("trash/", trash.shelf, name="trash"),
    path("trash/<slug:name>/", trash.shelf, name="trash-shelf"),
    path("t/<int:number>/block/", blocked.of_ticket, name="ticket-block"),
    # Mail that became no ticket, mail that did not leave
    path("held/", held.shelf, name="held"),
    path("held/outgoing/", undelivered.undelivered, name="undelivered"),
    path("held/outgoing/<int:pk>/again/", undelivered.retry, name="undelivered-again"),
    path("held/outgoing/<int:pk>/dismiss/", undelivered.dismiss, name="undelivered-dismiss"),
    path("held/blocked/", blocked.blocked, name="blocked"),
    path("held/blocked/<int:pk>/unblock/", blocked.unblock, name="unblock"),
    path("held/<int:pk>/", held.original, name="original"),
    path("held/<int:pk>/original/", held.download, name="original-download"),
    path("held/<int:pk>/release/", held.release, name="original-release"),
    path("held/<int:pk>/attach/", held.attach, name="original-attach"),
    path("held/<int:pk>/again/", held.again, name="original-again"),
    path("held/<int:pk>/aside/", held.set_aside, name="original-aside"),
    path("held/<int:pk>/restore/", held.restore, name="original-restore"),
    path("held/<int:pk>/block/", blocked.of_original, name="original-block"),
    path("held/<slug:name>/", held.shelf, name="held-shelf"),
    # The connections to the world
    path("channels/", channels.channels, name="channels"),
    # The reader
    path("notifications/", notices.notifications, name="notifications"),
    path("notifications/read/", notices.mark_read, name="mark-read"),
    path("profile/", profile.profile, name="profile"),
]

if settings.GALLERY:
    urlpatterns += [
        path("gallery/", gallery.gallery, name="gallery"),
        path("gallery/panes/", gallery.panes, name="gallery-panes"),
    ]
