"""The API refuses votes here however slow the machine is."""

from tests.accounts.limits.lasting import app

__all__ = ["app"]
