"""Idempotency keys: a request that is sent twice creates one thing, and both get the same answer."""
