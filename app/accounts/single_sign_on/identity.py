"""Who somebody is at the provider."""

from dataclasses import dataclass

CLOCK_SECONDS = 60  # by how much the provider's clock may differ from ours


@dataclass(frozen=True)
class Identity:
    """Who signed in: the provider's own id, names to suggest, the full name there (""), and when the
    provider asked (s).
    """

    subject: str
    names: tuple[str, ...]
    full_name: str
    asked_at: float | None
