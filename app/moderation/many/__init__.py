"""Suspends many accounts and takes their votes out in one step, with one reason."""
