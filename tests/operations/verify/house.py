"""A board to tamper with."""

import random
from dataclasses import dataclass

from app.services import Services
from app.voting import closing, keys
from app.voting.persist import persist_events
from app.voting.sync import sync_tallies
from app.voting.votes import Vote
from tests.support import Board


@dataclass(frozen=True)
class House:
    """A board of its own; nothing else runs on it unless a test starts it."""

    services: Services
    board: Board

    async def voted(self, *values: int) -> tuple[int, list[int]]:
        """A project, a vote of a new user for each value, all in step: (project, users)."""
        project_id = await self.board.project()
        users = [(await self.board.user()).id for _ in values]
        for user_id, value in zip(users, values, strict=True):
            await self.cast(project_id, user_id, value)
        await self.settle()
        return project_id, users

    async def cast(self, project_id: int, user_id: int, value: int) -> None:
        await self.services.batcher.cast(Vote(project_id, user_id, value))

    async def settle(self) -> None:
        """Persist and sync everything."""
        services = self.services
        for shard in range(services.settings.vote_shards):
            await persist_events(services.redis, services.db, shard)
            await sync_tallies(services.redis, services.db, services.functions, shard)

    async def execute(self, statement: str, *arguments: object) -> None:
        """Tamper with PostgreSQL."""
        await self.services.db.execute(statement, *arguments)

    async def lock(self, project_id: int) -> None:
        """Close a project for votes, and tell Redis."""
        await self.execute("UPDATE projects SET locked_at = now() WHERE id = $1", project_id)
        await closing.publish_closed(self.services.db, self.services.functions, project_id)

    async def synced(self, project_id: int) -> tuple[int, int, int]:
        """Upvotes, downvotes and version in `projects`."""
        row = await self.services.db.fetchrow(
            "SELECT upvotes, downvotes, vote_version FROM projects WHERE id = $1", project_id
        )
        return tuple(row)

    async def forget(self, project_id: int) -> None:
        """Make a project cold."""
        await self.services.redis.delete(keys.tally(0, project_id), keys.votes(0, project_id))

    async def remove(self, project_id: int) -> None:
        """Take a project away with all of its traces, so that the rest of the board agrees."""
        for table in ("vote_events", "votes", "vote_heads"):
            await self.execute(f"DELETE FROM {table} WHERE project_id = $1", project_id)  # noqa: S608
        await self.execute("DELETE FROM projects WHERE id = $1", project_id)
        await self.forget(project_id)
        await self.services.redis.hdel(keys.changed(0), project_id)

    async def everything(self) -> tuple[object, ...]:
        """All that an audit could change."""
        tables = ("vote_events", "votes", "vote_heads", "projects")
        rows = [
            await self.services.db.fetch(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4")  # noqa: S608
            for table in tables[:2]
        ]
        rows += [
            await self.services.db.fetch(f"SELECT * FROM {table} ORDER BY 1")  # noqa: S608
            for table in tables[2:]
        ]
        redis = self.services.redis
        names = sorted(await redis.keys("{v:*"))
        return rows, {name: await redis.dump(name) for name in names}


def some_value() -> int:
    return random.choice((1, 1, 0, -1))
