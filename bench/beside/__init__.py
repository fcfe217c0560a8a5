"""Measures votes and a page while the board does its other work: `python -m bench.beside`."""
