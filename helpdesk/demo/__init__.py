"""A small company with some two hundred tickets, to look at and to try things on.

`people.py`, `desk.py` and `conversations/*.toml` are data; the rest plays them through the same
actions that people use, at the times when they would have happened.
"""
