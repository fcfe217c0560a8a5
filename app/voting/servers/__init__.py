"""Lets only one of the Redis servers that are in use for the board accept votes."""
