"""Checks of the settings, which need no server."""

import re

from app.operations.doctor.check import Check, fail, ok
from app.operations.doctor.handover import check_handover
from app.settings import Settings

# The words of keys that are copied from examples, such as "your-secret-key-here" or "change_me_2026".
EXAMPLE_WORDS = re.compile(
    "0123456789abcdef|0?123456789?0?|abcdefghijklmnop(qrstuvwxyz)?|qwertyuiop|qwerty|development|"
    "production|password|insecure|random|string|example|replace|default|please|insert|upvote|change|"
    "secret|secure|django|sample|value|board|super|flask|this|with|your|here|long|very|test|some|must|"
    "key|and|for|dev|the|my|me|of|to|it|in|an|is"
)
# A key may have such words in it if so many characters beside them are left to guess.
LEAST_OTHER_CHARACTERS = 10
# Of 16 random hexadecimal digits, one key in ten thousand has fewer different characters.
MIN_DIFFERENT_CHARACTERS = 8


def check_settings(settings: Settings) -> list[Check]:
    return [
        _secret(settings),
        _address(settings),
        check_handover(settings),
        _limits(settings),
        _intervals(settings),
    ]


def _secret(settings: Settings) -> Check:
    """Check that the key is hard to guess; its length was checked when the settings were read."""
    secret = settings.secret_key
    if secret is None:
        advice = "Run upvote serve, which makes one, or set SECRET_KEY"
        return fail("secret key", "there is none yet", advice)
    advice = (
        "Set SECRET_KEY to the output of openssl rand -hex 32 and restart upvote web; "
        "everyone has to sign in again"
    )
    if _is_example(secret):
        return fail("secret key", "SECRET_KEY looks like an example", advice)
    different = len(set(secret))
    if different < MIN_DIFFERENT_CHARACTERS:
        problem = f"SECRET_KEY is easy to guess: few of its characters differ ({different})"
        return fail("secret key", problem, advice)
    return ok("secret key", f"{len(secret)} characters, {different} of them different")


def _is_example(secret: str) -> bool:
    """Return whether a key is hardly more than the words of an example."""
    others, words = EXAMPLE_WORDS.subn("", secret.lower())
    return words > 0 and sum(map(str.isalnum, others)) < LEAST_OTHER_CHARACTERS


def _address(settings: Settings) -> Check:
    """Check that a board behind a proxy knows its address, since clients can send any Host."""
    if settings.base_url:
        return ok("public address", f"{settings.base_url} (BASE_URL)")
    if settings.trusted_proxies and not settings.allowed_hosts:
        problem = "links in feeds and share cards name whatever Host a client sends"
        advice = (
            "Set BASE_URL to the public address, such as https://board.example.org, and ALLOWED_HOSTS "
            "to its host, then restart upvote web"
        )
        return fail("public address", problem, advice)
    return ok("public address", "that of each request (BASE_URL is unset)")


def _limits(settings: Settings) -> Check:
    """Show the limits in force. This check never fails, since an operator may choose any limit."""
    project = _limit(settings.rate_limit_max, settings.rate_limit_window)
    account = _limit(settings.account_limit_max, settings.account_limit_window)
    value = f"per account {account} (ACCOUNT_LIMIT_*), on one project {project} (RATE_LIMIT_*)"
    return ok("limits", value)


def _limit(maximum: int, window: int) -> str:
    return f"{maximum} votes in {window} s" if maximum else "no limit"


def _intervals(settings: Settings) -> Check:
    persist, sync = settings.persist_interval, settings.sync_interval
    if sync < persist:
        problem = f"SYNC_INTERVAL ({sync} s) is shorter than PERSIST_INTERVAL ({persist} s)"
        advice = (
            "Make SYNC_INTERVAL the longer one and restart upvote worker: "
            "more frequent syncs cost more and show nothing new"
        )
        return fail("intervals", problem, advice)
    value = f"persist every {persist} s (PERSIST_INTERVAL), sync every {sync} s (SYNC_INTERVAL)"
    return ok("intervals", value)
