"""No child outlives its parent, not even a parent that was killed with -9."""

import ctypes
import os
import signal
import sys

# Set by whoever starts one of our processes: the number that its getppid() has to give.
PARENT_VARIABLE = "UPVOTE_PARENT_PID"
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tie_to_parent(when_it_dies: signal.Signals) -> None:
    """Ask Linux to send us this signal when our parent dies; survives exec, not a change of user.

    Does nothing where no parent of ours started us. Leaves at once if the parent is gone already.
    Elsewhere than on Linux a killed parent leaves its children; the next start clears them away.
    """
    parent = os.environ.get(PARENT_VARIABLE)
    if not parent:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(when_it_dies), 0, 0, 0)
    if os.getppid() != int(parent):  # it died before we asked
        sys.exit(1)


def environment_for_children(**more: str) -> dict[str, str]:
    """Our environment, with ourselves as the parent that a child has to find."""
    return os.environ | more | {PARENT_VARIABLE: str(os.getpid())}
