"""Logging: lines for people while developing, one JSON object a line in production."""

import re
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

SECRET_WORDS = ("password", "secret", "token", "cookie", "authorization", "api_key", "session")


# A link that resets a password lets in whoever has it, and the address that a provider posts to
# is half of what proves that it is them (security.md T11).
_KEY_IN_PATH = re.compile(r"(/password/reset/key/|/hooks/[\w-]+/)[^/\s\"']+")


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank each value whose name says that it is a secret, and keys in addresses (ASVS 16.2.5)."""
    for key, value in event.items():
        if any(word in key.lower() for word in SECRET_WORDS):
            event[key] = "[hidden]"
        elif isinstance(value, str):
            event[key] = _KEY_IN_PATH.sub(r"\1[hidden]", value)
    return event


def processors() -> list[Processor]:
    """What each log entry passes through before it is rendered."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        hide_secrets,
    ]


def _for_people() -> Processor:
    # The richer traceback would print local variables, and with them passwords.
    return structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )


def configure() -> None:
    """Send structlog's entries through the standard library's handlers."""
    structlog.configure(
        processors=[*processors(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def config(*, human: bool) -> dict[str, Any]:
    """Django's LOGGING; everything goes to the standard error stream."""
    renderers: list[Processor] = (
        [_for_people()]
        if human
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *renderers,
                ],
                "foreign_pre_chain": processors(),
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            # Replaces Django's own handlers, which would mail every error and print it twice.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "INFO", "propagate": True},
            # Tells each line of each mail server.
            "imapclient": {"level": "WARNING"},
            # One line for each request comes from django_structlog.
            # A line for each dialect it tries, a traceback for each mail it does not expect.
            "flufl.bounce": {"level": "CRITICAL"},
            "django_structlog": {"level": "WARNING" if human else "INFO"},
        },
    }
