"""What admins configure of the connections to the world; each module registers its own."""

from integrations.admin import channels

__all__ = ["channels"]
