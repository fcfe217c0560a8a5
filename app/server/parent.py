"""Child processes end with their parent, even when the parent was killed with SIGKILL."""

import ctypes
import os
import signal
import sys

# The process that starts one of ours puts its own process id here; the child compares it with
# getppid().
PARENT_VARIABLE = "UPVOTE_PARENT_PID"
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tie_to_parent(when_it_dies: signal.Signals) -> None:
    """Ask Linux to send this process a signal when its parent dies.

    The request survives exec, but not a change of user. Without PARENT_VARIABLE this does nothing.
    Exits at once if the parent has already died. On other systems the children of a killed parent keep
    running until the next start ends them.
    """
    parent = os.environ.get(PARENT_VARIABLE)
    if not parent:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(when_it_dies), 0, 0, 0)
    if os.getppid() != int(parent):  # the parent died before the request
        sys.exit(1)


def environment_for_children(**more: str) -> dict[str, str]:
    """Return this environment plus `more`, with this process named as the parent."""
    return os.environ | more | {PARENT_VARIABLE: str(os.getpid())}
