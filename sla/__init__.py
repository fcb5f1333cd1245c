"""Honest clocks: business time, targets, escalation, people on call. Knows tickets alone."""
