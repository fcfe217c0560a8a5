"""Upvote: a self-hosted voting board."""

__version__ = "0.1.0"
