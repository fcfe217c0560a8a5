"""Keeps a process from making its files larger, as a full disk does."""

from contextlib import contextmanager
from resource import RLIMIT_FSIZE

import psutil


@contextmanager
def no_larger_files(pid: int):
    process = psutil.Process(pid)
    soft, hard = process.rlimit(RLIMIT_FSIZE)
    process.rlimit(RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        process.rlimit(RLIMIT_FSIZE, (soft, hard))
