"""Crowds that register and vote: honest ones, and accounts that a script makes for one project."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from app.accounts.queries import Account
from app.voting.votes import Vote

START = datetime.now(UTC) - timedelta(hours=1)


async def crowd(event, count: int, *, start: datetime = START, minutes: float = 10) -> list[Account]:
    """Return new accounts that were made within so many minutes."""
    users = await event.board.users(count)
    await event.execute(
        """
        UPDATE users SET created_at = at
        FROM unnest($1::bigint[], $2::timestamptz[]) AS given (user_id, at) WHERE id = user_id
        """,
        [user.id for user in users],
        [start + timedelta(minutes=minutes) * number / count for number in range(count)],
    )
    return users


async def vote_honestly(event, users: Sequence[Account], projects: Sequence[int]) -> None:
    """Let each vote up one to six projects; as people do, more often the first ones."""
    chance = random.Random(17)
    weights = [len(projects) + 5 - number for number in range(len(projects))]
    for user in users:
        chosen = set(chance.choices(projects, weights, k=chance.choice((1, 1, 2, 3, 4, 5, 6))))
        await asyncio.gather(*(cast(event, project_id, [user]) for project_id in chosen))


async def cast(event, project_id: int, users: Sequence[Account], value: int = 1) -> None:
    votes = [Vote(project_id, user.id, value) for user in users]
    await asyncio.gather(*map(event.services.batcher.cast, votes))


async def forget_accounts(event) -> None:
    """Make all accounts so old that no finding has them."""
    await event.execute("UPDATE users SET created_at = '2020-01-01'")
    await event.execute("DELETE FROM odd_votes")
