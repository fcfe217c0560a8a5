"""Counts how many expensive operations this process has refused, because too many were running."""

_refused = 0


def count() -> None:
    """Count one more."""
    global _refused
    _refused += 1


def count_refusals() -> int:
    """Return how many operations this process has refused."""
    return _refused
