"""Retention: the event log loses whole months from its beginning, once all that they led to is safe."""
