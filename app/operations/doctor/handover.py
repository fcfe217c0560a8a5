"""The check of the keys with which another site signs tokens for its users."""

from app.operations.doctor.check import Check, fail, ok
from app.settings import Settings

NAME = "handover keys"


def check_handover(settings: Settings) -> Check:
    """Check that the keys can be read, and that tokens can name this board."""
    if settings.handover_keys is None:
        return ok(NAME, "none (HANDOVER_KEYS is unset)")
    from app.accounts.handover.key_ring import KeyRing

    ring = KeyRing(settings.handover_keys)
    if ring.problem:
        advice = "Correct the file, or its path and rights; it is read again within a second"
        return fail(NAME, ring.problem, advice)
    if settings.base_url is None:
        problem = f"BASE_URL is unset, so tokens have to name {settings.address} as their audience"
        advice = "Set BASE_URL to the public address and restart upvote web; tokens have it as aud"
        return fail(NAME, problem, advice)
    kids = ", ".join(ring.kids)
    return ok(NAME, f"{kids}; tokens have aud {settings.base_url} (HANDOVER_KEYS, BASE_URL)")
