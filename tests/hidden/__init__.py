"""Hides from the processes that the tests start what only the packages of the tests bring.

structlog loads rich where it finds it, which is a tenth of the start of each process; a board that is
installed for use has none.
"""

from pathlib import Path

# Of a child process: modules in this folder come before the installed ones.
PYTHONPATH = str(Path(__file__).parent)
