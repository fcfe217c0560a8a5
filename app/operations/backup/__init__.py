"""Backup and restore: the whole board as a directory of files, whatever servers it runs on.

PostgreSQL is copied table by table in one snapshot, as text, so a backup goes from the embedded
server to one of another version and back. Redis needs none: what waits in it is persisted first.
"""
