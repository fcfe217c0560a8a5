"""Results are final only when every vote of the time is stored and verified, and none was taken out."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.accounts.settings.delete_account import delete
from app.accounts.withdrawals import queries as withdrawals
from app.accounts.withdrawals import run_withdrawals
from app.operations.finish import finish_voting, may_finish


async def is_final(event):
    status, text = await event.get("/api/results")
    assert status == 200
    return json.loads(text)["final"]


async def test_results_are_final_once_the_last_events_are_stored(event):
    await event.project("Kite", 1, 1)
    await event.organise(vote_until="now")
    assert not await is_final(event)
    assert "last votes are being counted" in (await event.get("/results"))[1]

    assert await may_finish(event.services)
    report = await finish_voting(event.services)
    assert not await may_finish(event.services)
    assert report.findings == []
    assert await is_final(event)
    _, page = await event.get("/results")
    assert "Final." in page
    assert "2 votes of 2 people" in page
    assert "Final results" in (await event.get("/results.svg"))[1]
    assert await finish_voting(event.services) is None


async def test_results_of_a_voting_that_goes_on_are_not_final(event):
    await event.project("Kite", 1)
    for until in (None, "2199-01-01 00:00"):
        if until:
            await event.organise(vote_until=until)
        assert not await may_finish(event.services)
        assert await finish_voting(event.services) is None
    assert not await is_final(event)
    assert "so far" in (await event.get("/results"))[1]


async def test_a_shard_that_would_still_accept_votes_keeps_results_from_being_final(event):
    await event.project("Kite", 1)
    await event.organise(vote_until="now")
    revision = event.services.board.settings.revision
    await event.execute("UPDATE board_settings SET revision = revision + 1")
    assert await finish_voting(event.services) is None
    assert not await is_final(event)
    await event.execute("UPDATE board_settings SET revision = $1", revision)


async def test_a_postponed_end_makes_results_open_again(event):
    await event.project("Kite", 1)
    await event.organise(vote_until="now")
    await finish_voting(event.services)
    assert await is_final(event)
    await event.organise(vote_until=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert not await is_final(event)


async def test_votes_that_are_taken_out_later_are_verified_again(event):
    project_id = await event.project("Kite", 1, 1)
    user = await event.board.user()
    await event.vote(project_id, user, 1)
    await event.organise(vote_until="now")
    await finish_voting(event.services)
    assert await is_final(event)

    await withdrawals.insert_withdrawal(event.services.db, user.id)
    assert not await is_final(event)
    assert await finish_voting(event.services) is None  # it waits until they are out
    await event.execute("UPDATE withdrawals SET requested_at = now() - interval '1 hour'")
    await run_withdrawals(event.services)
    await run_withdrawals(event.services)
    assert not await is_final(event)
    assert await finish_voting(event.services)
    assert await is_final(event)
    assert '"votes":2' in (await event.get("/api/results"))[1]


@pytest.mark.parametrize("by_moderator", [False, True])
async def test_an_account_that_was_deleted_before_the_end_keeps_nothing_from_being_final(
    event, by_moderator
):
    project_id, user = await event.project("Kite"), await event.board.user()
    await event.vote(project_id, user, 1)
    await event.services.persist_events()
    if by_moderator:
        await withdrawals.insert_withdrawal(event.services.db, user.id, by_moderator=True)
    await delete(event.services, event.app.extensions["upvote_accounts"], user, delete_projects=False)
    await event.organise(vote_until="now")
    if by_moderator:
        assert await finish_voting(event.services) is None  # the votes are taken out first
    await run_withdrawals(event.services)
    await run_withdrawals(event.services)
    assert (await finish_voting(event.services)).findings == []
    assert await is_final(event)
    votes = 0 if by_moderator else 1  # nobody's wish but a moderator's changes a result
    assert f'"votes":{votes}' in (await event.get("/api/results"))[1]


async def test_votes_that_do_not_agree_are_never_final(event, monkeypatch):
    monkeypatch.setattr("app.operations.verify.verify.RECHECK_WAITS", (0.0,))
    project_id = await event.project("Kite", 1)
    await event.services.persist_events()
    await event.organise(vote_until="now")
    await event.execute("UPDATE votes SET value = -1 WHERE project_id = $1", project_id)
    try:
        assert (await finish_voting(event.services)).findings
        assert not await is_final(event)
    finally:
        await event.execute("UPDATE votes SET value = 1 WHERE project_id = $1", project_id)


async def test_an_event_that_waits_in_the_stream_is_stored_first(event):
    project_id = await event.project("Kite", 1)
    await event.organise(vote_until="now")
    assert await event.board.votes(project_id) == {}
    await finish_voting(event.services)
    assert len(await event.board.votes(project_id)) == 1
    assert await is_final(event)
