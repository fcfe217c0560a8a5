"""Verification: compares events, votes, tallies and Redis, and reports every difference."""
