"""Kills under load, checked against a record of every intent, like Jepsen does.

`python -m tests.chaos` is the long form (`make chaos`), test_chaos.py the short one.
"""
