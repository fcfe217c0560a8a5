"""Report errors to Sentry if SENTRY_DSN is set."""

import sys
from typing import Any

from app import __version__
from app.settings import Settings


def start_sentry(settings: Settings) -> None:
    """Report unexpected errors from now on, without names, addresses, cookies or request bodies."""
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
        max_breadcrumbs=0,  # Redis commands contain the keys of limits, and so names and addresses
        before_send=_without_the_request,
    )


def _without_the_request(event: Any, _hint: Any) -> Any:
    """Keep only the method, since the URL and the headers may contain names and addresses."""
    method = event.pop("request", {}).get("method")
    event.pop("user", None)
    return {**event, "request": {"method": method}}


def report(error: BaseException) -> None:
    """Report an error that the caller has caught. Does nothing if Sentry is off."""
    if "sentry_sdk" in sys.modules:
        sys.modules["sentry_sdk"].capture_exception(error)
