"""Checks the budget of the board: it needs all votes of an account in one place."""

from typing import Any

from app.operations.doctor.check import Check, fail, ok
from app.services import Services
from app.voting import keys


async def check_budget(services: Services) -> Check:
    redis: Any = services.redis
    budget = int(await redis.hget(keys.rules(0), "budget") or 0)
    if not budget:
        return ok("budget", "none")
    if await services.functions.rules.is_divided():
        advice = "Set VOTE_SHARDS=1 (docs/scaling.md), or remove it: upvote board set budget=0"
        problem = f"{budget} votes an account, which a Cluster of several shards cannot count"
        return fail("budget", problem, advice)
    return ok("budget", f"{budget} votes in force an account")
