"""Kills under load, checked against a log of every intent, in the manner of Jepsen.

`python -m tests.chaos` is the long form (`make chaos`), test_chaos.py the short one.
"""
