"""The domain: people, queues, tickets, what was said and what happened. Imports no other box."""
