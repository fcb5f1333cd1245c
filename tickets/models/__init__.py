"""The nouns (`architecture.md` 7 is the glossary), one room per family."""

from tickets.models.access import Access, Team, TeamMembership
from tickets.models.annotation import Annotation, Mention
from tickets.models.desk import Draft, DraftKind, DraftState
from tickets.models.jobs import Job, JobState
from tickets.models.notices import NoticeReason, Notification
from tickets.models.people import (
    Contact,
    Identity,
    Membership,
    MembershipRole,
    Organisation,
    OrganisationDomain,
    Theme,
    User,
)
from tickets.models.queue import Product, Queue
from tickets.models.side import SideConversation, ThirdParty
from tickets.models.templates import MessageTemplate, TemplateKind
from tickets.models.ticket import (
    Label,
    LinkKind,
    Participant,
    StatusReason,
    Ticket,
    TicketLink,
    Watcher,
)
from tickets.models.timeline import Attachment, BodyFormat, Event, Message, Via

__all__ = [
    "Access",
    "Annotation",
    "Attachment",
    "BodyFormat",
    "Contact",
    "Draft",
    "DraftKind",
    "DraftState",
    "Event",
    "Identity",
    "Job",
    "JobState",
    "Label",
    "LinkKind",
    "Membership",
    "MembershipRole",
    "Mention",
    "Message",
    "MessageTemplate",
    "NoticeReason",
    "Notification",
    "Organisation",
    "OrganisationDomain",
    "Participant",
    "Product",
    "Queue",
    "SideConversation",
    "StatusReason",
    "Team",
    "TeamMembership",
    "TemplateKind",
    "Theme",
    "ThirdParty",
    "Ticket",
    "TicketLink",
    "User",
    "Via",
    "Watcher",
]
