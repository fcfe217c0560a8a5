"""Voting that opens, closes and has final results is told once each, in this order."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from app.board import queries
from app.board.announce import announce_voting
from app.operations import finish
from app.operations.finish import finish_voting
from app.operations.verify.findings import Report
from app.webhooks import TYPES
from app.webhooks.manage.queries import insert_webhook

LATER = "2199-01-01 00:00"


@pytest.fixture
async def announced(event) -> AsyncIterator:
    """Return a function that announces what is new, and returns what was told since: (type, data)."""
    db = event.services.db
    await db.execute("UPDATE announced_voting SET phase = NULL, vote_until = NULL")
    await announce_voting(event.services.board)
    await insert_webhook(db, "https://hooks.example/", "whsec_AA==", TYPES)

    async def announced() -> list[tuple[str, dict]]:
        await announce_voting(event.services.board)
        rows = await db.fetch("SELECT type, body, subject FROM webhook_events ORDER BY id")
        await db.execute("DELETE FROM webhook_events")
        assert {row["subject"] for row in rows} <= {"voting"}
        return [(row["type"], json.loads(row["body"])["data"]) for row in rows]

    yield announced
    await db.execute("DELETE FROM webhooks")
    await db.execute("DELETE FROM webhook_events")


async def types(announced) -> list[str]:
    return [kind for kind, _ in await announced()]


async def test_a_moment_that_passes_is_told_once(event, announced):
    soon = datetime.now(UTC) + timedelta(hours=1)
    await event.organise(vote_from=soon.isoformat(), vote_until=LATER)
    assert await types(announced) == ["voting.closed"]  # since it was open, without an end
    await event.organise(vote_from="now")
    [(kind, data)] = await announced()
    assert (kind, data["voting"]["until"]) == ("voting.opened", "2199-01-01T00:00:00Z")
    assert await types(announced) == []
    await event.organise(vote_until="now")
    assert await types(announced) == ["voting.closed"]
    assert await types(announced) == []


async def test_a_moment_is_told_that_passed_while_no_worker_ran(event, announced):
    await event.organise(vote_from=LATER)
    await announced()
    await event.organise(vote_from="", vote_until="now")
    assert await types(announced) == ["voting.opened", "voting.closed"]


async def test_a_voting_that_is_open_again_is_told_again(event, announced):
    await event.organise(vote_until="now")
    assert await types(announced) == ["voting.closed"]
    await event.organise(vote_until=LATER)
    assert await types(announced) == ["voting.opened"]
    await event.organise(vote_until="now")
    assert await types(announced) == ["voting.closed"]


async def test_a_voting_that_is_open_for_longer_tells_nothing(event, announced):
    await event.organise(vote_until=LATER)
    await event.organise(vote_until="2198-01-01 00:00")
    assert await types(announced) == []


async def test_a_voting_that_is_closed_again_tells_nothing(event, announced):
    await event.organise(vote_until="now")
    assert await types(announced) == ["voting.closed"]
    await event.organise(vote_until="now")
    assert await types(announced) == []


async def test_two_workers_tell_it_once(event, announced, monkeypatch):
    await event.organise(vote_until="now")
    both, read = asyncio.Barrier(2), queries.select_times_for_share

    async def read_at_once(db) -> dict:
        times = await read(db)
        await both.wait()  # in a transaction each, and neither has written anything
        return times

    monkeypatch.setattr(queries, "select_times_for_share", read_at_once)
    await asyncio.gather(*(announce_voting(event.services.board) for _ in range(2)))
    monkeypatch.undo()
    assert await types(announced) == ["voting.closed"]


async def test_two_workers_that_verify_at_once_tell_the_results_once(event, announced, monkeypatch):
    await event.project("Kite", 1, 1)
    await event.organise(vote_until="now")
    both, verify = asyncio.Barrier(2), finish.verify

    async def verify_at_once(services) -> Report:
        report = await verify(services)
        await both.wait()  # neither has noted anything
        return report

    monkeypatch.setattr(finish, "verify", verify_at_once)
    reports = await asyncio.gather(*(finish_voting(event.services) for _ in range(2)))
    assert None not in reports
    assert await types(announced) == ["voting.closed", "results.final"]


async def test_a_board_that_is_upgraded_tells_nothing_of_its_past(event, announced):
    await event.organise(vote_until="now")
    await announced()
    await event.execute("UPDATE announced_voting SET phase = NULL, vote_until = NULL")
    assert await types(announced) == []


async def test_final_results_are_told_after_the_end_without_any_number(event, announced):
    await event.project("Kite", 1, 1)
    await event.organise(vote_until="now", tallies="after_reveal")
    await finish_voting(event.services)
    (first, _), (second, data) = await announced()
    assert (first, second) == ("voting.closed", "results.final")
    assert set(data) == {"vote_until", "verified_at", "results"}
    assert data["results"].endswith("/api/results")
    await finish_voting(event.services)
    assert await types(announced) == []


async def test_results_that_are_not_noted_as_final_are_not_told(event, announced, monkeypatch):
    await event.project("Kite", 1)
    await event.organise(vote_until="now")

    async def fail(*_: object) -> None:
        raise ValueError("just before the end")

    monkeypatch.setattr("app.operations.finish.write_voting", fail)
    with pytest.raises(ValueError, match="just before"):
        await finish_voting(event.services)
    assert await types(announced) == ["voting.closed"]
    monkeypatch.undo()
    await finish_voting(event.services)
    assert await types(announced) == ["results.final"]
