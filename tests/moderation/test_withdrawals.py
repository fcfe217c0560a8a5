"""Withdrawals remove all votes of an account from the tallies."""

import pytest

from app.accounts import withdrawals
from app.accounts.settings.delete_account import delete
from app.moderation import actions
from app.voting import keys
from app.voting.persist import persist_events
from app.voting.votes import Vote
from tests.board.organise import organise
from tests.moderation.admin_pages import act, admin, page
from tests.support import client_of, make_cold

__all__ = ["admin", "organise"]

NAME = "SELECT username FROM users WHERE id = $1"


async def finish_withdrawals(services):
    """Withdraw and persist, as the worker does, until nothing is left to do.

    A worker that looks first does the same.
    """
    count = 1
    while count:
        would_run = await withdrawals.has_withdrawals(services)
        count = await withdrawals.run_withdrawals(services)
        assert would_run or not count
        await persist_events(services.redis, services.db, 0)


async def test_all_votes_of_a_user_are_removed_in_one_step(
    free_app, board, admin, batcher, redis, db, monkeypatch
):
    monkeypatch.setattr(withdrawals, "CHUNK", 2)
    monkeypatch.setattr(withdrawals, "GRACE_SECONDS", 0)
    services = free_app.extensions["upvote"]
    user, other = await board.users(2)
    projects = [await board.project() for _ in range(5)]
    for project_id in projects:
        await batcher.cast(Vote(project_id, user.id, 1))
        await batcher.cast(Vote(project_id, other.id, -1))
    await actions.moderate_project(services, admin.id, "lock", projects[0], "x")
    await actions.moderate_project(services, admin.id, "hide", projects[1], "x")
    await persist_events(redis, db, 0)
    await make_cold(redis, projects[2])
    moderator = client_of(free_app, admin)
    refused = await act(moderator, f"/admin/people/{user.username}", "withdraw")
    assert refused.status_code == 303
    assert await db.fetchval("SELECT count(*) FROM withdrawals WHERE user_id = $1", user.id) == 0
    await act(moderator, f"/admin/people/{user.username}", "suspend")
    await act(moderator, f"/admin/people/{user.username}", "withdraw")
    assert "0 of 5 votes removed" in (await page(moderator, f"/admin/people/{user.username}"))[1]
    await finish_withdrawals(services)
    for project_id in projects:
        assert await board.votes(project_id) == {other.id: -1}
        assert (await board.events(project_id))[-1]["new_value"] == 0
        assert await redis.hget(keys.tally(0, project_id), "up") == b"0"
    html = (await page(moderator, f"/admin/people/{user.username}"))[1]
    assert "5 votes were removed" in html
    assert "removed the votes of" in html


async def test_a_withdrawal_lasts_until_the_user_can_vote_no_more(free_app, board, admin, batcher, db):
    services, user = free_app.extensions["upvote"], await board.user()
    await actions.request_withdrawal(services, admin.id, user.id, "x")
    await finish_withdrawals(services)
    project_id = await board.project()
    await batcher.cast(Vote(project_id, user.id, 1))  # a process may still accept the old session
    await finish_withdrawals(services)
    assert await board.votes(project_id) == {}
    finished = "SELECT finished_at FROM withdrawals WHERE user_id = $1"
    assert await db.fetchval(finished, user.id) is None
    await db.execute("UPDATE withdrawals SET requested_at = now() - interval '21 s'")
    await finish_withdrawals(services)
    assert await db.fetchval(finished, user.id) is not None
    assert not await withdrawals.has_withdrawals(services)


@pytest.mark.parametrize("ended", ["deleted", "suspended", "voting again", "suspended again"])
async def test_a_vote_that_was_accepted_late_is_withdrawn_if_its_account_has_ended(
    free_app, board, admin, batcher, db, ended
):
    services, user = free_app.extensions["upvote"], await board.user()
    if ended == "deleted":
        await db.execute("UPDATE users SET deleted_at = now() WHERE id = $1", user.id)
    else:
        await db.execute("UPDATE users SET suspended_at = now() WHERE id = $1", user.id)
    await actions.request_withdrawal(services, admin.id, user.id, "x")
    await db.execute("UPDATE withdrawals SET requested_at = now(), finished_at = now()")
    if ended == "voting again":
        await actions.unsuspend(services, admin.id, user.id, "x")
    if ended == "suspended again":  # the votes between two suspensions are not withdrawn
        await db.execute("UPDATE users SET suspended_at = now() WHERE id = $1", user.id)
    project_id = await board.project()
    await batcher.cast(Vote(project_id, user.id, 1))  # long after, by a process that was cut off
    await services.persist_events()
    await finish_withdrawals(services)
    stays = ended in ("voting again", "suspended again")
    assert await board.votes(project_id) == ({user.id: 1} if stays else {})


async def test_an_interrupted_withdrawal_is_continued(free_app, board, admin, batcher, monkeypatch):
    services, user = free_app.extensions["upvote"], await board.user()
    projects = [await board.project() for _ in range(3)]
    for project_id in projects:
        await batcher.cast(Vote(project_id, user.id, 1))
    await actions.request_withdrawal(services, admin.id, user.id, "x")
    monkeypatch.setattr(withdrawals, "CHUNK", 1)
    monkeypatch.setattr(withdrawals, "WORK_SECONDS", 0)
    counts = [await withdrawals.run_withdrawals(services) for _ in range(4)]
    assert counts[-1] == 0
    assert sum(counts) == 3
    assert [await board.votes(project_id) for project_id in projects] == [{}] * 3


async def test_votes_of_deleted_accounts_leave_after_the_end_only_if_a_moderator_wants_it(
    free_app, board, admin, batcher, organise, monkeypatch
):
    monkeypatch.setattr(withdrawals, "GRACE_SECONDS", 0)
    services, state = free_app.extensions["upvote"], free_app.extensions["upvote_accounts"]
    kept, taken = await board.users(2)
    project_id = await board.project()
    for user in (kept, taken):
        await batcher.cast(Vote(project_id, user.id, 1))
    await services.persist_events()
    await organise(vote_until="now")
    for user in (kept, taken):
        assert not await delete(services, state, user, delete_projects=False)
    path = f"/admin/people/{await services.db.fetchval(NAME, taken.id)}"
    assert (await act(client_of(free_app, admin), path, "withdraw")).status_code == 303
    await finish_withdrawals(services)
    assert await board.votes(project_id) == {kept.id: 1}


async def test_what_a_moderator_requested_is_done_though_the_account_is_deleted_and_voting_ends(
    free_app, board, admin, batcher, organise, monkeypatch
):
    monkeypatch.setattr(withdrawals, "GRACE_SECONDS", 0)
    services, user = free_app.extensions["upvote"], await board.user()
    project_id = await board.project()
    await batcher.cast(Vote(project_id, user.id, 1))
    await services.persist_events()
    await actions.request_withdrawal(services, admin.id, user.id, "x")
    await delete(services, free_app.extensions["upvote_accounts"], user, delete_projects=False)
    await organise(vote_until="now")
    await finish_withdrawals(services)
    assert await board.votes(project_id) == {}
