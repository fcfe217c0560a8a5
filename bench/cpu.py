"""Measures CPU time for each role, which depends little on how busy the machine is."""

import psutil

ROLES = ("web", "worker", "valkey", "postgres")


def cpu_seconds() -> dict[str, float]:
    """Return the CPU time (s) of this process's descendants by role, including ended descendants."""
    used = dict.fromkeys(ROLES, 0.0)
    for process in psutil.Process().children(recursive=True):
        try:
            role, times = _role(process), process.cpu_times()
        except psutil.Error:  # the process has just ended
            continue
        if role is not None:
            used[role] += times.user + times.system
            used[role] += times.children_user + times.children_system
    return used


def per_vote(before: dict[str, float], votes: int) -> dict[str, float]:
    """Return the CPU time (µs) for each of `votes` votes since `before`, by role."""
    return {role: 1e6 * (now - before[role]) / votes for role, now in cpu_seconds().items()}


def _role(process: psutil.Process) -> str | None:
    for ancestor in (process, *process.parents()):
        words = ancestor.cmdline()
        if "bench" in words:
            return None
        for role in ROLES:
            of_module = role in words or f"app.server.{role}" in words
            if of_module or (words and words[0].rpartition("/")[2].startswith(role)):
                return role
    return None
