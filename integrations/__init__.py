"""The channels: what comes in is kept before it is read, what goes out is a row before it is sent.

Knows tickets alone.
"""
