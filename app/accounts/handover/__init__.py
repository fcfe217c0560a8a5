"""Handover: another site lets its own users vote here, with tokens (JWT) that it signs."""
