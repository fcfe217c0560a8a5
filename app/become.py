"""Replaces the program of this process with another one (exec)."""

import contextlib
import os
from collections.abc import Iterable, Mapping
from typing import NoReturn

from app.output import flush_output


def become(
    program: list[str],
    environment: Mapping[str, str] | None = None,
    *,
    keep: Iterable[int] = (),
) -> NoReturn:
    """Run another program in this process, by default with this environment.

    It keeps the process id, the children and the file descriptors `keep`. Raises OSError if the program
    cannot be run.
    """
    flush_output()
    for descriptor in keep:
        with contextlib.suppress(OSError):  # it may have been closed by its thread
            os.set_inheritable(descriptor, True)
    os.execve(program[0], program, environment or os.environ)  # noqa: S606 - no shell is wanted
