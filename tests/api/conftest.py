"""Fixtures for the API's tests: an app whose limits last, however slow the machine is."""

from tests.accounts.limits.lasting import app

__all__ = ["app"]
