"""Errors to Sentry, where SENTRY_DSN is set."""

import sys
from typing import Any

from app import __version__
from app.settings import Settings


def start_sentry(settings: Settings) -> None:
    """Report unforeseen errors, without names, addresses, cookies or bodies."""
    if settings.sentry_dsn is None:
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=settings.sentry_dsn,
        release=f"upvote@{__version__}",
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        traces_sample_rate=0.0,
        max_breadcrumbs=0,  # commands to Redis name the keys of limits
        before_send=_without_the_request,
    )


def _without_the_request(event: Any, _hint: Any) -> Any:
    """Its address may hold a name or what somebody typed, its headers the client's address."""
    method = event.pop("request", {}).get("method")
    event.pop("user", None)
    return {**event, "request": {"method": method}}


def report(error: BaseException) -> None:
    """Report an error that was caught, where Sentry has been started."""
    if "sentry_sdk" in sys.modules:
        sys.modules["sentry_sdk"].capture_exception(error)
