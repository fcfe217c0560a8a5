"""Repairs the differences that a verification finds."""
