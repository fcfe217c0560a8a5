"""Signed values that carry when they were signed, and are over after some time.

itsdangerous refuses one of the future. But a clock may have been set back since it signed, and that of
the machine that signed may be ahead of this one's: nobody should be signed out for that.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

# Ends of sessions are remembered for so much longer than a cookie lives (app/accounts/revocation.py):
# what a clock has signed that was further ahead could come back to life after its end.
MOST_AHEAD_SECONDS = 24 * 60 * 60


class DatedSigner(TimestampSigner):
    """A signer by whom a value of the future, up to MOST_AHEAD_SECONDS from now, is a new one."""

    def unsign(
        self, signed_value: Any, max_age: int | None = None, return_timestamp: bool = False
    ) -> Any:
        value, signed_at = super().unsign(signed_value, return_timestamp=True)
        if max_age is not None:
            self._check_age(self.get_timestamp() - signed_at.timestamp(), max_age, signed_at)
        return (value, signed_at) if return_timestamp else value

    def _check_age(self, age: float, max_age: int, signed_at: datetime) -> None:
        if not -MOST_AHEAD_SECONDS <= age <= max_age:
            raise SignatureExpired(f"signed {age:.0f} s ago", date_signed=signed_at)


class DatedSerializer(URLSafeTimedSerializer):
    """A serializer of such values, which signs with SHA-512."""

    default_signer = DatedSigner

    def __init__(
        self, secret: str | bytes | Iterable[str] | Iterable[bytes], salt: str | bytes
    ) -> None:
        super().__init__(secret, salt, signer_kwargs={"digest_method": hashlib.sha512})
