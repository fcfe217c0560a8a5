"""What a token of the other site says. Apart from its reader, with which cryptography is loaded."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Claims:
    """What a token says. `name` is "" without one.

    `issued` (Unix time, ms) is when it was made, or without `iat` when it was made at the earliest.
    `until` (s) is when it ends, with what clocks may differ.
    """

    subject: str
    name: str
    jti: str | None
    issued: int
    until: float
