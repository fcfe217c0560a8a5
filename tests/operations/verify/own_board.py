"""A board whose PostgreSQL and Redis a test may change behind the app's back."""

import random
from dataclasses import dataclass

from app.operations.verify.findings import Kind
from app.operations.verify.verify import verify
from app.services import Services
from app.voting import closing, keys
from app.voting.persist import persist_events
from app.voting.sync import sync_tallies
from app.voting.votes import Vote
from tests.support import Board, make_cold


@dataclass(frozen=True)
class OwnBoard:
    """A board with its own database and Valkey. Nothing else runs on it unless a test starts it."""

    services: Services
    board: Board

    async def voted(self, *values: int) -> tuple[int, list[int]]:
        """Make a project with a vote of a new user for each value, all persisted and synced.

        Return (project, users).
        """
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
        """Run a statement on PostgreSQL that Redis does not know of."""
        await self.services.db.execute(statement, *arguments)

    async def lock(self, project_id: int) -> None:
        """Lock a project and publish that to Redis."""
        await self.execute("UPDATE projects SET locked_at = now() WHERE id = $1", project_id)
        await closing.publish_closed(self.services.db, self.services.functions, project_id)

    async def synced(self, project_id: int) -> tuple[int, int, int]:
        """Return upvotes, downvotes and version from `projects`."""
        row = await self.services.db.fetchrow(
            "SELECT upvotes, downvotes, vote_version FROM projects WHERE id = $1", project_id
        )
        return tuple(row)

    async def alter_event(self, project_id: int, version: int, change: str) -> None:
        """Apply `column = value` to one row of the event log."""
        await self.execute(
            f"UPDATE vote_events SET {change} WHERE project_id = $1 AND version = $2",  # noqa: S608
            project_id,
            version,
        )

    async def findings(self, project_id: int) -> dict[Kind, str]:
        """Verify a project and return the text of each finding by its kind."""
        report = await verify(self.services, [project_id])
        return {finding.kind: str(finding) for finding in report.findings}

    async def make_cold(self, project_id: int) -> None:
        """Remove a project's votes and tally from Redis."""
        await make_cold(self.services.redis, project_id)

    async def remove(self, project_id: int) -> None:
        """Delete a project and everything about it, so that the rest of the board still agrees."""
        for table in ("vote_events", "votes", "vote_heads"):
            await self.execute(f"DELETE FROM {table} WHERE project_id = $1", project_id)  # noqa: S608
        await self.execute("DELETE FROM projects WHERE id = $1", project_id)
        await self.make_cold(project_id)
        await self.services.redis.hdel(keys.changed(0), project_id)

    async def everything(self) -> tuple[object, ...]:
        """Return every row and key that verify must not change."""
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
