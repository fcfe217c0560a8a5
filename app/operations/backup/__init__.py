"""Backup, restore, move and settle. A backup is a directory of files, independent of the servers.

PostgreSQL is copied table by table in one snapshot, as text, so a backup of the embedded server can be
restored on a server of another version, and the reverse. Redis needs no backup: its events are
persisted first.
"""
