"""The call of `cast` in votes.lua: its keys, its arguments, and until when Redis may do it."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from app.errors import CastTooLate
from app.settings import Settings
from app.voting import keys
from app.voting.redis_clock import RedisClock
from app.voting.replies import result_of, rows_of, with_votes_left
from app.voting.votes import Vote, VoteResult


class Limits(NamedTuple):
    """The limits and policies of some votes, in the order of the arguments of `cast`; 0 is no limit."""

    rate_max: int = 0  # votes of a user on one project within rate_window
    rate_window: int = 0  # ms
    account_max: int = 0  # votes of a user within account_window
    account_window: int = 0  # ms
    policies: str = ""  # letters, which votes.lua lists


# "w" is the policy that votes.lua has for withdrawn votes, "t" within the times of voting.
WITHDRAWAL = Limits(policies="w")
WITHDRAWAL_IN_TIME = Limits(policies="wt")


class Cast(NamedTuple):
    """What `cast` returns; LastSeen explains the comparison and the event."""

    results: list[VoteResult]
    comparison: bytes
    event: bytes


def limits_of(settings: Settings) -> Limits:
    """Return the limits and the policies of people's votes, as votes.lua expects them."""
    return Limits(
        rate_max=settings.rate_limit_max,
        rate_window=settings.rate_limit_window * 1000,
        account_max=settings.account_limit_max,
        account_window=settings.account_limit_window * 1000,
        policies=("" if settings.downvotes else "d") + ("" if settings.self_votes else "s"),
    )


class CastCall:
    """Calls `cast` through `call`, which calls a function of a shard by its name."""

    def __init__(self, call: Callable[..., Awaitable[Any]]) -> None:
        self._call = call
        self._clocks: defaultdict[int, RedisClock] = defaultdict(RedisClock)  # of each shard

    async def cast(
        self, shard: int, account_shard: int, votes: Sequence[Vote], limits: Limits, until: float
    ) -> Cast:
        """Cast votes unless Redis gets to them only after `until` (of time.monotonic()).

        Raises CastTooLate then, and no vote was cast. A command can wait in the socket of a Redis that
        is frozen for as long as that lasts, and Redis would do it afterwards.
        """
        names = [
            keys.events(shard),
            keys.changed(shard),
            keys.rules(shard),
            keys.counts(account_shard),
            keys.claims(account_shard),
        ]
        for vote in votes:
            names += (
                keys.tally(shard, vote.project_id),
                keys.votes(shard, vote.project_id),
                keys.rate(shard, vote.project_id, vote.user_id),
                keys.account(account_shard, vote.user_id),
            )
        arguments = [number for vote in votes for number in vote]
        clock = self._clocks[shard]
        # Redis refuses the first call of a process, which does not know its clock yet, and one call
        # after its clock was set. The refusal tells the time.
        for _ in range(2):
            sent = time.monotonic()
            deadline = clock.at(until)
            reply = await self._call(shard, "cast", names, [*limits, deadline, *arguments])
            clock.learn(sent, time.monotonic(), reply.pop())
            if reply:
                return _read_reply(reply)
            if time.monotonic() >= until:
                break
        raise CastTooLate("Redis got to the vote too late")


def _read_reply(reply: list[Any]) -> Cast:
    votes_left = reply.pop() if isinstance(reply[-1], list) else None
    *numbers, comparison, event = reply
    results = [result_of(row) for row in rows_of(numbers, 6)]
    if votes_left is not None:
        results = with_votes_left(results, votes_left)
    return Cast(results, comparison, event)
