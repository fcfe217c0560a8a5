"""While a server hangs, is slow or cuts connections, every request has its answer in time, never a 500.

The short form of `make chaos`: one app in this process, and a crowd that asks at the same time.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from quart import Quart

from app.accounts.passwords import hash_password
from app.accounts.queries import insert_token
from app.accounts.tokens import new_token, token_hash
from app.main import create_app
from app.storage.timeouts import MAX_STRETCH, REQUEST_SECONDS
from app.voting import vote_deadlines
from tests.conftest import NO_LIMITS
from tests.faults.network import Links, linked
from tests.support import client_of
from tests.waiting import until

CROWD = 4  # times every kind of request
PASSWORD = "a password of the tests only"


@pytest.fixture
async def links(valkey, postgres) -> AsyncIterator[Links]:
    async with linked(valkey, postgres) as links:
        yield links


@pytest.fixture
async def app(settings, links, monkeypatch) -> AsyncIterator[Quart]:
    monkeypatch.setattr(vote_deadlines, "REQUEST_SECONDS", REQUEST_SECONDS)  # without patience
    changes = {
        **links.urls,
        "auth_limit_max": 10_000,  # counted, but never reached
        **NO_LIMITS,
    }
    app = create_app(settings.model_copy(update=changes))
    async with app.test_app() as serving:
        yield serving.app
        links.heal()


@pytest.fixture
async def ask(app, board, db) -> Callable[[], Awaitable[list[int]]]:
    """Return a function that sends each kind of request CROWD times at once, for the statuses."""
    user, project = await board.user(), await board.project()
    hashed = await hash_password(PASSWORD)
    await db.execute("UPDATE users SET password_hash = $1 WHERE id = $2", hashed, user.id)
    token = new_token()
    await insert_token(db, user.id, token_hash(token), "of a reader")
    bearer = {"Authorization": f"Bearer {token}"}
    form = {"username": user.username, "password": PASSWORD}

    def requests() -> list[Awaitable]:
        member, visitor = client_of(app, user), client_of(app)
        page = f"/projects/{project}"
        return [
            visitor.get("/"),
            member.get("/?sort=new"),
            member.get(page),
            member.get("/me/votes"),
            visitor.get("/search?q=project"),
            visitor.get("/api/projects"),
            visitor.get("/readyz"),
            visitor.get("/metrics"),
            visitor.post("/login", form=form),
            member.post(f"{page}/vote", form={"value": "1"}, headers={"HX-Request": "true"}),
            visitor.post("/api/votes", json={"project_id": project, "vote_type": "up"}, headers=bearer),
            visitor.get("/api/votes/metrics", headers=bearer),
        ]

    async def ask_all() -> list[int]:
        answers = await asyncio.gather(*[request for _ in range(CROWD) for request in requests()])
        return [answer.status_code for answer in answers]

    return ask_all


async def cutting(cut: Callable[[], None]) -> None:
    while True:
        cut()
        await asyncio.sleep(0.05)


FAULTS: dict[str, Callable[[Links], None]] = {
    "Redis is lost": lambda links: links.redis.black_hole(),
    "Redis is slow": lambda links: setattr(links.redis, "delay", 0.7),
    "Redis is reset": lambda links: links.redis.reset(),
    "Redis refuses": lambda links: (links.redis.refuse(), links.redis.reset()),
    "PostgreSQL is lost": lambda links: links.postgres.black_hole(),
    "PostgreSQL is slow": lambda links: setattr(links.postgres, "delay", 0.7),
    "PostgreSQL is reset": lambda links: links.postgres.reset(),
    "both are lost": lambda links: (links.redis.black_hole(), links.postgres.black_hole()),
}


SHORT = ("Redis is slow", "both are lost")


@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=[] if name in SHORT else pytest.mark.long) for name in FAULTS]
)
async def test_every_request_is_answered_in_time(app, links, ask, fault):
    async def healthy() -> bool:
        return max(await ask()) < 400

    await until(healthy, "for good answers")
    FAULTS[fault](links)
    cuts = asyncio.create_task(cutting(lambda: "reset" in fault and FAULTS[fault](links)))
    for _ in range(2):
        # A process that is late may take MAX_STRETCH times longer, and so may rendering an error page.
        async with asyncio.timeout(2 * MAX_STRETCH * REQUEST_SECONDS):
            statuses = await ask()
        assert {status for status in statuses if status >= 400} <= {503}
    cuts.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await cuts
    links.redis.heal()
    links.postgres.heal()
    await until(healthy, "for good answers again")
