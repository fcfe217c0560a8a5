"""Nothing here is about how passwords are hashed."""

from tests.accounts.hashing import quick_hashes

__all__ = ["quick_hashes"]
