"""Deleted projects take no votes and deleted accounts cast none, on every path, and verify agrees."""

import pytest

from app.accounts import withdrawals
from app.accounts.commands import create_token
from app.accounts.passwords import hash_password
from app.operations.verify.verify import verify
from tests.asgi_calls import Browser, with_middleware
from tests.support import client_of
from workers.sync_tallies import sync_tallies

PASSWORD = "correct horse"


class Person:
    """An account with a password, its browser and its token."""

    def __init__(self, app, account, token: str) -> None:
        self.id, self.account = account.id, account
        self._front, self._app = Browser(with_middleware(app), app, account), app
        self._token = {"Authorization": f"Bearer {token}"}

    async def ways(self, project_id: int, value: int) -> dict[str, int]:
        """Return the status of the same vote by the fast path, by the Quart route and by the API."""
        body = {"project_id": project_id, "vote_type": {1: "up", 0: "none", -1: "down"}[value]}
        api = await client_of(self._app).post("/api/votes", json=body, headers=self._token)
        path = f"/projects/{project_id}/vote"
        return {
            "fast path": (await self._front.vote(project_id, value)).status,
            "route": (await self._front.post(path, {"value": value})).status,
            "api": api.status_code,
        }

    async def post(self, path: str, **form: str) -> int:
        return (await self._front.post(path, form)).status


@pytest.fixture
def person(free_app, board, db, settings):
    async def person() -> Person:
        account = await board.user()
        await db.execute(
            "UPDATE users SET password_hash = $2 WHERE id = $1",
            account.id,
            await hash_password(PASSWORD),
        )
        return Person(free_app, account, await create_token(settings, account.username))

    return person


@pytest.fixture
def services(free_app, monkeypatch):
    monkeypatch.setattr(withdrawals, "GRACE_SECONDS", -1)
    monkeypatch.setattr("app.operations.verify.verify.RECHECK_WAITS", (0.0, 0.0))
    return free_app.extensions["upvote"]


async def agree(services, *project_ids: int) -> bool:
    """Persist everything; return whether verify finds no difference on these projects."""
    await services.persist_events()
    await sync_tallies(services)
    return (await verify(services, project_ids)).findings == []


async def test_a_deleted_project_takes_no_vote_and_verify_agrees(services, person, board):
    author, voter = await person(), await person()
    project_id = await board.project(author.account)
    assert set((await voter.ways(project_id, 1)).values()) == {200, 303}
    assert await author.post(f"/projects/{project_id}/delete", confirm="yes") == 303
    for value in (1, 0, -1):
        assert await voter.ways(project_id, value) == {"fast path": 404, "route": 404, "api": 404}
    assert await agree(services, project_id)
    assert [event["new_value"] for event in await board.events(project_id)] == [1]
    assert await board.votes(project_id) == {voter.id: 1}


@pytest.mark.parametrize("projects", ["remove", ""])
async def test_a_deleted_account_casts_no_vote_and_verify_agrees(services, person, board, projects):
    leaver, voter = await person(), await person()
    mine, other = await board.project(leaver.account), await board.project()
    for project_id in (mine, other):
        await leaver.ways(project_id, 1)
        await voter.ways(project_id, 1)
    assert await leaver.post("/me/settings/delete", password=PASSWORD, projects=projects) == 303
    for project_id in (mine, other):
        assert await leaver.ways(project_id, -1) == {"fast path": 401, "route": 303, "api": 401}
    while await withdrawals.run_withdrawals(services):
        pass
    assert await agree(services, mine, other)
    assert await board.votes(mine) == await board.votes(other) == {voter.id: 1}
    gone = {"fast path": 404, "route": 404, "api": 404}
    assert (await voter.ways(mine, 0) == gone) == (projects == "remove")
    assert await agree(services, mine, other)
