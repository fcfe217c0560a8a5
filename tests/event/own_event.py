"""A board with its own database, on which a test makes an event: tracks, projects and votes."""

import itertools
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest
from quart import Quart

from app.accounts.queries import Account
from app.board.change import change_board
from app.board.change_tracks import add_track
from app.main import create_app
from app.services import Services
from app.settings import Settings
from app.storage.migrate import migrate
from app.voting.votes import Status, Vote
from tests.conftest import NO_LIMITS
from tests.second_board import another_board
from tests.support import Board, client_of

# Numbers of Redis databases that no other test uses: each module that imports the fixture gets a board.
REDIS = itertools.count(5)


@dataclass(frozen=True)
class EventBoard:
    app: Quart
    services: Services
    board: Board

    async def clear(self) -> None:
        """Hide all projects, remove all tracks, and set the defaults."""
        await self.execute("UPDATE projects SET hidden_at = now(), track_id = NULL")
        await self.execute("DELETE FROM tracks")
        await self.execute("DELETE FROM final_results")
        await self.execute("UPDATE board_settings SET revealed_at = NULL")
        await self.organise(
            name="", tallies="", vote_from="", vote_until="", downvotes="", timezone="", tagline=""
        )
        self.app.extensions["upvote_event"].live.forget()

    async def organise(self, **texts: str) -> None:
        await change_board(self.services.board, None, texts)
        await self.services.board.refresh()

    async def track(self, slug: str, name: str) -> None:
        await add_track(self.services.board, None, slug, name)
        await self.services.board.refresh()

    async def project(self, title: str, *votes: int, track: str | None = None) -> int:
        """Return a project on which new users have voted."""
        project_id = await self.board.project()
        statement = """
            UPDATE projects SET title = $2, track_id = (SELECT id FROM tracks WHERE slug = $3)
            WHERE id = $1
        """
        await self.execute(statement, project_id, title, track)
        for value in votes:
            await self.vote(project_id, await self.board.user(), value)
        return project_id

    async def vote(self, project_id: int, account: Account, value: int) -> None:
        result = await self.services.batcher.cast(Vote(project_id, account.id, value))
        assert result.status is Status.ACCEPTED

    async def admin(self) -> Account:
        account = await self.board.user()
        await self.execute("UPDATE users SET is_admin = true WHERE id = $1", account.id)
        return account

    async def get(self, path: str, account: Account | None = None) -> tuple[int, str]:
        """Return the status and the text of the answer."""
        answer = await client_of(self.app, account).get(path)
        return answer.status_code, await answer.get_data(as_text=True)

    async def execute(self, statement: str, *arguments: object) -> None:
        await self.services.db.execute(statement, *arguments)


@pytest.fixture(scope="session")
async def event_board(settings: Settings) -> AsyncIterator[EventBoard]:
    name = f"event_{secrets.token_hex(4)}"
    async with another_board(settings.model_copy(update=NO_LIMITS), name, next(REDIS)) as own:
        connection = await asyncpg.connect(settings.database_url)
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        await connection.close()
        migrate(own)
        app = create_app(own)
        async with app.test_app() as serving:
            services = serving.app.extensions["upvote"]
            yield EventBoard(serving.app, services, Board(services.db))


@pytest.fixture
async def event(event_board: EventBoard) -> EventBoard:
    """Return the board of events without projects, with the default settings."""
    await event_board.clear()
    return event_board
