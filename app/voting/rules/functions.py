"""The calls of the functions of rules.lua, which holds their contracts."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.errors import VotesUnavailable
from app.voting import keys
from app.voting.function_caller import FunctionCaller
from app.voting.rules import VoteRules


class RulesState(NamedTuple):
    """The revision of a shard's rules, -1 if it has none; the time of Redis (ms); and whether only
    admins see the tallies by these rules.
    """

    revision: int
    now_ms: int
    secret: bool


class RuleFunctions:
    """Each method raises VotesUnavailable when Redis does not answer.

    `shards` is VOTE_SHARDS. Accounts' votes are counted in shard 0, except on a Cluster.
    """

    def __init__(self, caller: FunctionCaller, shards: int) -> None:
        self._caller = caller
        self.shards = shards

    async def set(
        self, shard: int, rules: VoteRules, *, replaces: int = -1, ends_anew: bool = False
    ) -> int:
        """Set the rules of a shard and return the end of voting (ms) that holds; safe to repeat.

        Older rules change nothing, unless the shard has the revision `replaces`. With `ends_anew` an
        end that is not after the last event is moved behind it.
        """
        account_shard = await self._caller.account_shard(shard)
        names = [
            keys.epoch(shard),
            keys.events(shard),
            keys.rules(shard),
            keys.counts(account_shard),
            keys.claims(account_shard),
        ]
        revision, from_ms, until_ms, policies, budget = rules
        arguments = [revision, replaces, from_ms, until_ms, policies, budget]
        return int(
            await self._caller.call("set_rules", names, [*arguments, "anew" if ends_anew else ""])
        )

    async def state(self, shard: int) -> RulesState:
        names = [keys.epoch(shard), keys.rules(shard)]
        revision, now_ms, secret = await self._caller.call("rules_state", names, [], read_only=True)
        return RulesState(revision, now_ms, bool(secret))

    async def revisions_elsewhere(self) -> list[int]:
        """Return the revisions of the shards after the first one, without those that are away."""
        found = []
        for shard in range(1, self.shards):
            with contextlib.suppress(VotesUnavailable):
                found.append((await self.state(shard)).revision)
        return found

    async def is_divided(self) -> bool:
        """Return whether the votes of an account are counted in several places."""
        return self.shards > 1 and await self._caller.is_cluster()

    async def votes_in_force(self, user_id: int) -> int | None:
        """Return how many votes an account has in force, or None if that is not known."""
        names = [keys.epoch(0), keys.counts(0)]
        found = await self._caller.call("votes_in_force", names, [user_id], read_only=True)
        return found if found >= 0 else None

    async def claim_counts(self, user_ids: Sequence[int], token: str) -> dict[int, str]:
        """Announce that accounts' votes are being counted; return the tokens of the unknown ones."""
        tokens = await self._caller.call("claim_counts", self._counts(), [token, *user_ids])
        return {user: t.decode() for user, t in zip(user_ids, tokens, strict=True) if t}

    async def install_counts(self, tokens: Mapping[int, str], counts: Mapping[int, int]) -> int:
        """Store the votes in force of accounts; return how many had not changed since their claim."""
        arguments = [value for user in tokens for value in (user, tokens[user], counts.get(user, 0))]
        return int(await self._caller.call("install_counts", self._counts(), arguments))

    async def forget_counts(self) -> None:
        """Let the votes in force of all accounts be counted anew, where they are counted."""
        if not await self.is_divided():
            await self._caller.call("forget_counts", self._counts(), [])

    def _counts(self) -> list[str]:
        """Return the keys of the counts. A Cluster of several shards has no budget."""
        return [keys.epoch(0), keys.counts(0), keys.claims(0)]
