"""The capacity model of docs/scaling.md: how many votes a second the CPU of each part allows."""

from collections.abc import Mapping

SECOND = 1_000_000  # us
# This share of all cores is available; the rest goes to other work of the kernel and to waiting.
USABLE_SHARE = 0.75


def votes_a_second(costs: Mapping[str, float], webs: int, cores: int) -> float:
    """Return the votes a second of one shard; `costs` are the CPU times (µs) of a vote, by role.

    The result is the least of three limits. A web process has one call to a shard in progress, so its
    work alternates with Valkey's. Valkey runs on one core. All roles share the machine's cores.
    """
    alternating = webs / (costs["web"] + costs["valkey"])
    return SECOND * min(alternating, 1 / costs["valkey"], USABLE_SHARE * cores / sum(costs.values()))
