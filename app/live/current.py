"""The hub of the app that handles a request."""

from quart import current_app

from app.live.hub import Hub


def hub() -> Hub:
    """Return the hub of the app that handles this request."""
    found: Hub = current_app.extensions["upvote_hub"]
    return found
