"""Fast password hashes for all tests of this folder."""

from tests.accounts.hashing import quick_hashes

__all__ = ["quick_hashes"]
