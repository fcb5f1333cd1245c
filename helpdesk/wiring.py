"""What happens when something happened: every consequence of every event, on one page."""


def connect() -> None:
    """Hand the table below to `tickets.events`; called once, when Django is ready."""
