"""Checks that need no server: the settings."""

from app.operations.doctor.check import Check, fail, judge, ok
from app.settings import Settings

# Parts of the values that stand in examples; nobody's random text has one.
EXAMPLES = ("changeme", "change-me", "change_me", "change me", "example", "your-", "your_", "secret")
LEAST_CHARACTERS = 8  # different ones; 16 random hexadecimal digits have fewer once in ten thousand


def check_settings(settings: Settings) -> list[Check]:
    return [_secret(settings), _limits(settings), _intervals(settings)]


def _secret(settings: Settings) -> Check:
    """That it is there and has 16 characters was checked when the settings were read."""
    secret = settings.secret_key or ""
    advice = "Set SECRET_KEY to the output of openssl rand -hex 32; everyone signs in again"
    if any(part in secret.lower() for part in EXAMPLES):
        return fail("secret key", "SECRET_KEY looks like an example", advice)
    value = f"{len(secret)} characters, {len(set(secret))} different ones"
    return judge("secret key", len(set(secret)) >= LEAST_CHARACTERS, value, advice)


def _limits(settings: Settings) -> Check:
    """Any limit may be what an operator wants, so this one only tells."""
    project = _limit(settings.rate_limit_max, settings.rate_limit_window)
    account = _limit(settings.account_limit_max, settings.account_limit_window)
    return ok("limits", f"on one project {project} (RATE_LIMIT_*), in all {account} (ACCOUNT_LIMIT_*)")


def _limit(most: int, window: int) -> str:
    return f"{most} votes in {window} s" if most else "no limit"


def _intervals(settings: Settings) -> Check:
    persist, sync = settings.persist_interval, settings.sync_interval
    value = f"persist every {persist} s (PERSIST_INTERVAL), sync every {sync} s (SYNC_INTERVAL)"
    advice = (
        "A sync sooner than a persist costs more and shows no more: make SYNC_INTERVAL the longer one"
    )
    return judge("intervals", persist <= sync, value, advice)
