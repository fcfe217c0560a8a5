"""Sending the events that webhooks wait for."""

READ_SECONDS = 1.0  # for the rest of an answer whose status is known


class NotSent(Exception):
    """There was no answer; the message says why."""
