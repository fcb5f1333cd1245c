"""Queues, products and words of the demo."""

from typing import NamedTuple


class QueuePlan(NamedTuple):
    """A queue; the first address is the one answers come from."""

    name: str
    description: str
    default_priority: str
    addresses: tuple[str, ...]
    is_confidential: bool = False


QUEUES = {
    "paid": QueuePlan(
        "Paid support",
        "For customers with a contract. Write what you need; we ask for the rest.",
        "P1",
        ("paid", "contracts"),
    ),
    "community": QueuePlan(
        "Community support",
        "For people who help to build the software: packagers, translators, plugin authors.",
        "P2",
        ("community",),
    ),
    "free": QueuePlan(
        "Free support",
        "Best effort, in the open hours we have. Tell the version and how to reproduce it.",
        "P2",
        ("support", "help"),
    ),
    "security": QueuePlan(
        "Security reports",
        "Only the security team reads what arrives here.",
        "P1",
        ("security",),
        is_confidential=True,
    ),
}

# Name, and who owns it.
PRODUCTS = {
    "larkwiki": ("Larkwiki", "mara", "free"),
    "ferrysync": ("Ferrysync", "tomasz", "free"),
    "owlwatch": ("Owlwatch", "bilal", None),
}

LABELS = {
    "installation": "neutral",
    "upgrade": "info",
    "performance": "warn",
    "sign-in": "info",
    "email": "neutral",
    "search": "neutral",
    "sync": "info",
    "alerts": "warn",
    "billing": "paused",
    "documentation": "neutral",
    "data loss": "bad",
    "regression": "bad",
    "translation": "ok",
    "plugin": "neutral",
    "needs reproduction": "warn",
    "waiting for release": "paused",
}

REASONS = {
    "abandoned": ("No answer from the customer", "Customer found another way", "Will not be done"),
    "invalid": ("Spam", "Not our software", "Sent to the wrong address", "Duplicate"),
}
