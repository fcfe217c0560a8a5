"""The capacity model of docs/scaling.md: how many votes a second the CPU of each part allows."""

from collections.abc import Mapping

SECOND = 1_000_000  # us
# Of all cores: the rest goes to the kernel's work for nobody in particular, and to waiting.
USABLE = 0.75


def votes_a_second(costs: Mapping[str, float], webs: int, cores: int) -> float:
    """What the scarcest allows. `costs` are us of CPU a vote, by role; one shard.

    A web process has one call to a shard under way, so its work takes turns with Valkey's. Valkey does
    all of its own on one core. All roles share the machine's cores.
    """
    turns = webs / (costs["web"] + costs["valkey"])
    return SECOND * min(turns, 1 / costs["valkey"], USABLE * cores / sum(costs.values()))
