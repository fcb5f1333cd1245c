"""What admins configure of the connections to the world; each module registers its own."""

from integrations.admin import blocking, channels, domains, letterheads, stops, templates

__all__ = ["blocking", "channels", "domains", "letterheads", "stops", "templates"]
