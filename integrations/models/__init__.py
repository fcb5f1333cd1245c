"""What connects us to the world, what came in as it came, and what has to go out."""

from integrations.models.blocking import BlockedSender
from integrations.models.channels import Channel, ChannelAddress
from integrations.models.cursors import Cursor
from integrations.models.domains import DkimKey, KeyState, SendingDomain
from integrations.models.inbound import InboundState, MessageRoute, RawInbound
from integrations.models.letterheads import Letterhead, Naming, Picture
from integrations.models.outbound import Delivery, DeliveryKind, DeliveryState
from integrations.models.stops import MailKind, MailStop

__all__ = [
    "BlockedSender",
    "Channel",
    "ChannelAddress",
    "Cursor",
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "DkimKey",
    "InboundState",
    "KeyState",
    "Letterhead",
    "MailKind",
    "MailStop",
    "MessageRoute",
    "Naming",
    "Picture",
    "RawInbound",
    "SendingDomain",
]
