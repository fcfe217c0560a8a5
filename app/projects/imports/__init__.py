"""Imports projects from a CSV file, ahead of an event."""
