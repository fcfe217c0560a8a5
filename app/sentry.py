"""Errors to Sentry, where SENTRY_DSN is set."""

import sys

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
    )


def report(error: BaseException) -> None:
    """Report an error that was caught, where Sentry has been started."""
    if "sentry_sdk" in sys.modules:
        sys.modules["sentry_sdk"].capture_exception(error)
