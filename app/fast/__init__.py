"""The same answers as Quart's, in less time; FAST_PATHS=no turns all of it off.

docs/benchmarks.md has what each path saves. Every path passes on what it does not recognise, unchanged.
"""
