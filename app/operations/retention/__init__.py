"""Retention: drops the oldest months of the event log, once all of their effects are persisted."""
