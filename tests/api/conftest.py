"""The API refuses votes here however slow the machine is."""

from tests.limits.lasting import app

__all__ = ["app"]
