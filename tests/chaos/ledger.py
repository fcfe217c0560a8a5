"""The state of the servers when nothing waits any more."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import asyncpg
from redis.asyncio import Redis

from app.voting import keys

Pair = tuple[int, int]  # project, user
Tally = tuple[int, int, int]  # upvotes, downvotes, version


class Change(NamedTuple):
    """A row of vote_events; `at` is the time in Redis, truncated to milliseconds."""

    project_id: int
    version: int
    user_id: int
    old_value: int
    new_value: int
    at: float


@dataclass(frozen=True)
class Ledger:
    changes: dict[int, list[Change]]  # by project, ordered by version
    votes: dict[Pair, int]  # from the table votes
    tallies: dict[int, Tally]  # from the table projects
    live_votes: dict[int, dict[int, int]]  # from Redis, by project, without cold ones
    live_tallies: dict[int, Tally]
    epochs: list[float]  # when a loss in Redis was found


async def read_ledger(db: asyncpg.Pool, redis: Redis, project_ids: Sequence[int]) -> Ledger:
    live_tallies, live_votes = {}, {}
    epoch = await redis.get(keys.epoch(0))
    for project_id in project_ids:
        tally = await redis.hgetall(keys.tally(0, project_id))
        if tally and tally[b"epoch"] == epoch:  # a tally of an earlier epoch counts as cold
            live_tallies[project_id] = (int(tally[b"up"]), int(tally[b"down"]), int(tally[b"version"]))
            votes = await redis.hgetall(keys.votes(0, project_id))
            live_votes[project_id] = {int(user): int(value) for user, value in votes.items()}
    return Ledger(
        await _changes(db, project_ids),
        await _votes(db, project_ids),
        await _tallies(db, project_ids),
        live_votes,
        live_tallies,
        await _epochs(db),
    )


async def _changes(db: asyncpg.Pool, project_ids: Sequence[int]) -> dict[int, list[Change]]:
    rows = await db.fetch(
        """
        SELECT project_id, version, user_id, old_value, new_value,
               extract(epoch FROM created_at) AS at
        FROM vote_events WHERE project_id = ANY ($1) ORDER BY project_id, version, created_at
        """,
        project_ids,
    )
    changes: dict[int, list[Change]] = defaultdict(list)
    for row in rows:
        changes[row["project_id"]].append(Change(*row.values())._replace(at=float(row["at"])))
    return changes


async def _votes(db: asyncpg.Pool, project_ids: Sequence[int]) -> dict[Pair, int]:
    rows = await db.fetch(
        "SELECT project_id, user_id, value FROM votes WHERE project_id = ANY ($1)", project_ids
    )
    return {(row["project_id"], row["user_id"]): row["value"] for row in rows}


async def _tallies(db: asyncpg.Pool, project_ids: Sequence[int]) -> dict[int, Tally]:
    rows = await db.fetch(
        "SELECT id, upvotes, downvotes, vote_version FROM projects WHERE id = ANY ($1)", project_ids
    )
    return {row["id"]: (row["upvotes"], row["downvotes"], row["vote_version"]) for row in rows}


async def _epochs(db: asyncpg.Pool) -> list[float]:
    rows = await db.fetch(
        """
        SELECT extract(epoch FROM started_at) AS at FROM shard_epochs
        WHERE reason <> 'first' ORDER BY started_at
        """
    )
    return [float(row["at"]) for row in rows]
