"""Brings the rules of voting to Redis.

A change goes to Redis first, while its row in PostgreSQL is locked: whoever has got the answer "voting
is closed" can rely on it, and the end of voting is later than every event. If the process dies before
the commit, the copy in Redis is newer than PostgreSQL, and `publish_rules` takes it back. A Redis that
was emptied or replaced gets the rules when it is compared with PostgreSQL (app/voting/epochs.py).
"""

from functools import partial

from asyncpg import Pool

from app.storage.despite_failures import do_all
from app.voting.rules import VoteRules
from app.voting.rules.functions import RuleFunctions
from app.voting.rules.queries import select_rules_for_share


async def apply_rules(functions: RuleFunctions, rules: VoteRules, *, ends_anew: bool) -> VoteRules:
    """Let every shard obey new rules; the caller has locked their row in PostgreSQL.

    With `ends_anew`, votes may have been accepted after the end that the rules name, because it is now
    or was not known. The end is then moved behind the last event. Returns the rules that hold. Raises
    VotesUnavailable, after which some shards may obey them; publish_rules takes them back.
    """
    ends = [await functions.set(shard, rules, ends_anew=ends_anew) for shard in range(functions.shards)]
    if max(ends) == rules.until_ms:
        return rules
    rules = rules._replace(until_ms=max(ends))
    for shard in range(functions.shards):
        await functions.set(shard, rules)
    return rules


async def publish_rules(db: Pool, functions: RuleFunctions) -> VoteRules:
    """Let every shard obey the rules that PostgreSQL has, and return them; safe to repeat.

    Raises VotesUnavailable while Redis or one of its shards is away, and one of DATABASE_AWAY.
    """
    async with db.acquire() as connection, connection.transaction():
        rules = await select_rules_for_share(connection)

        async def publish(shard: int) -> None:
            seen = await functions.state(shard)
            await functions.set(shard, rules, replaces=seen.revision)

        await do_all(partial(publish, shard) for shard in range(functions.shards))
    return rules
