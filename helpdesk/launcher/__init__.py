"""Starts the whole product on one machine: `make run`, and throw-away services for the tests.

It needs nothing that is not in the lock: PostgreSQL and Redis come from the configured URLs, else
from the machine, else from wheels. All state lives in `.state/`.
"""
