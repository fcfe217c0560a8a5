"""The capacity model of docs/scaling.md: how many votes a second the CPU of each part allows."""

from collections.abc import Mapping

SECOND = 1_000_000  # us


def votes_a_second(costs: Mapping[str, float], webs: int, cores: int) -> float:
    """What the scarcest part allows. `costs` are us of CPU a vote, by role.

    A web process and Valkey use one core each at most; all roles together share the machine's.
    """
    return SECOND * min(webs / costs["web"], 1 / costs["valkey"], cores / sum(costs.values()))
