"""Old months of the event log go whole, late rather than too soon, and the audit goes on from there."""

import asyncio
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from app.operations.doctor.run_checks import run_checks
from app.operations.ops import prometheus
from app.operations.ops.state import read_state
from app.operations.repair.reconcile import reconcile
from app.operations.retention.drop import KEPT, drop_old_partitions
from app.operations.verify.findings import Kind
from app.operations.verify.verify import verify
from app.projects.history import history_of
from app.voting import keys
from tests.operations.verify.house import House, some_value
from tests.waiting import CEILING

OLD = "vote_events_2020_01"


@pytest.fixture
async def project(house: House):
    """Five events of January 2020 (users 0 to 2 up, 3 down, 4 up) and two of now (2 takes it back, 4
    changes sides): (project, users); gone afterwards.
    """
    project_id, users = await house.voted(1, 1, 1, -1, 1)
    await house.cast(project_id, users[2], 0)
    await house.cast(project_id, users[4], -1)
    await house.settle()
    await grow_old(house, project_id, 5)
    await note_audit(house)
    yield project_id, users
    await house.execute("DELETE FROM vote_bases WHERE project_id = $1", project_id)
    await house.remove(project_id)
    for month in ("2020_01", "2020_02"):
        await house.execute(f"DROP TABLE IF EXISTS vote_events_{month}")
    await house.services.redis.delete(keys.METRICS_WORKER)


async def grow_old(house: House, project_id: int, upto: int, month: str = "2020-01") -> None:
    await house.execute("SELECT make_vote_events_partition($1::text::date)", f"{month}-01")
    await house.execute(
        "UPDATE vote_events SET created_at = $3::text::timestamptz + version * interval '1 ms' "
        "WHERE project_id = $1 AND version <= $2 AND created_at > '2021-01-01'",
        project_id,
        upto,
        f"{month}-15 00:00:00+00",
    )


async def note_audit(house: House, seconds_ago: float = 0, remaining: int = 0) -> None:
    notes = {"drift:at": time.time() - seconds_ago, "drift:found": 0, "drift:remaining": remaining}
    await house.services.redis.hset(keys.METRICS_WORKER, mapping=notes)


async def drop(house: House, days: int = 30) -> list[str]:
    return await drop_old_partitions(services(house, days))


def services(house: House, days: int):
    settings = house.services.settings.model_copy(update={"events_retention": days})
    return replace(house.services, settings=settings)


async def kept(house: House) -> str:
    return (await house.services.redis.hget(keys.METRICS_WORKER, KEPT)).decode()


async def months(house: House) -> int:
    found = await house.services.db.fetchval("SELECT to_regclass($1)", OLD)
    return int(found is not None)


async def test_without_the_setting_nothing_is_dropped(house, project):
    assert await drop(house, 0) == []
    assert await months(house) == 1


async def test_a_month_is_dropped_and_where_the_log_begins_is_noted(house, project):
    assert await drop(house) == [OLD]
    base = await house.services.db.fetchrow(
        "SELECT version, upvotes, downvotes FROM vote_bases WHERE project_id = $1", project[0]
    )
    assert tuple(base) == (5, 4, 1)
    assert await drop(house) == []


async def test_a_month_that_is_not_all_old_enough_stays(house, project):
    days = await house.services.db.fetchval("SELECT (now()::date - '2020-01-20'::date)")
    assert await drop(house, days) == []


@pytest.mark.parametrize("cold", [False, True])
async def test_the_audit_agrees_and_says_from_when(house, project, cold):
    await drop(house)
    if cold:
        await house.forget(project[0])
    report = await verify(house.services)
    assert (report.findings, report.notes, report.events) == ([], [], 2)
    assert "events of 1 projects up to 2020-01-15T00:00:00.005Z were dropped" in str(report.beginning)
    await house.cast(project[0], project[1][0], 0)
    await house.cast(project[0], project[1][3], 1)
    assert (await verify(house.services)).findings == []
    await house.settle()
    assert (await verify(house.services)).findings == []


async def test_months_add_up(house, project):
    await drop(house)
    await grow_old(house, project[0], 6, "2020-02")
    assert await drop(house) == ["vote_events_2020_02"]
    base = await house.services.db.fetchrow(
        "SELECT version, upvotes, downvotes FROM vote_bases WHERE project_id = $1", project[0]
    )
    assert tuple(base) == (6, 3, 1)
    assert (await verify(house.services)).findings == []


async def test_a_log_of_which_nothing_is_left_agrees(house, project):
    await grow_old(house, project[0], 7)
    assert await drop(house) == [OLD]
    report = await verify(house.services)
    assert (report.findings, report.events) == ([], 0)


async def found(house: House, project_id: int) -> dict[Kind, str]:
    report = await verify(house.services, [project_id])
    return {finding.kind: str(finding) for finding in report.findings}


async def test_an_old_vote_that_is_tampered_with_is_found_and_mended_by_nobody(house, project):
    project_id, users = project
    await drop(house)
    await house.execute(
        "UPDATE votes SET value = -1 WHERE project_id = $1 AND user_id = $2", project_id, users[0]
    )
    findings = await found(house, project_id)
    assert Kind.BASE in findings
    assert "before its event log begins are 1 up, 2 down, but were 2 up, 1 down" in findings[Kind.BASE]
    before = await house.everything()
    outcome = await reconcile(house.services, [project_id])
    assert outcome.repaired == []
    assert any("EVENTS_RETENTION" in unrepaired.reason for unrepaired in outcome.unrepaired)
    assert await house.everything() == before  # what Redis has may be what is right


async def test_an_old_vote_that_is_gone_and_one_too_many(house, project):
    project_id, users = project
    await drop(house)
    await house.execute(
        "DELETE FROM votes WHERE project_id = $1 AND user_id = $2", project_id, users[0]
    )
    assert Kind.BASE in await found(house, project_id)
    stranger = (await house.board.user()).id
    await house.execute(
        "INSERT INTO votes (project_id, user_id, value, version, voted_at) "
        "VALUES ($1, $2, 1, 1, '2020-01-15'), ($1, $3, 1, 2, '2020-01-15')",
        project_id,
        users[0],
        stranger,
    )
    assert Kind.BASE in await found(house, project_id)


async def test_a_newer_vote_is_mended_and_old_ones_stay(house, project):
    project_id, users = project
    await drop(house)
    votes = await house.board.votes(project_id)
    await house.execute(
        "UPDATE votes SET value = 1 WHERE project_id = $1 AND user_id = $2", project_id, users[4]
    )
    assert Kind.VOTES in await found(house, project_id)
    outcome = await reconcile(house.services, [project_id])
    assert outcome.unrepaired == []
    assert await house.board.votes(project_id) == votes
    assert await found(house, project_id) == {}


async def test_a_gap_behind_the_beginning_is_found(house, project):
    await drop(house)
    await house.execute("DELETE FROM vote_events WHERE project_id = $1 AND version = 6", project[0])
    assert "version 6 is missing" in (await found(house, project[0]))[Kind.GAP]


async def test_a_head_is_mended_from_where_the_log_begins(house, project):
    await grow_old(house, project[0], 7)
    await drop(house)
    await house.execute("UPDATE vote_heads SET version = 3 WHERE project_id = $1", project[0])
    assert Kind.HEAD in await found(house, project[0])
    await reconcile(house.services, [project[0]])
    assert await found(house, project[0]) == {}


@pytest.mark.parametrize("audit", [{"seconds_ago": 3 * 3600}, {"remaining": 1}])
async def test_nothing_is_dropped_without_a_clean_audit(house, project, audit):
    await note_audit(house, **audit)
    assert await drop(house) == []
    assert await kept(house)
    await note_audit(house)
    assert await drop(house) == [OLD]
    assert await kept(house) == ""


async def test_nothing_is_dropped_while_events_of_that_time_wait(house, project):
    redis = house.services.redis
    await redis.rename(keys.events(0), "aside")
    await redis.xadd(keys.events(0), {"vote": "1 1 0 1 1"}, id="1579000000000-0")
    assert await drop(house) == []
    assert "wait to be persisted" in await kept(house)
    await redis.rename("aside", keys.events(0))


@pytest.mark.parametrize(
    "unsafe",
    [
        "UPDATE projects SET vote_version = 4 WHERE id = $1",
        "UPDATE vote_heads SET version = 4 WHERE project_id = $1",
        "UPDATE vote_events SET created_at = now() WHERE project_id = $1 AND version = 3",
        "INSERT INTO vote_bases VALUES ($1, 3, 1, 1, '2019-01-01')",
    ],
)
async def test_nothing_is_dropped_that_is_not_a_whole_beginning(house, project, unsafe):
    await house.execute(unsafe, project[0])
    assert await drop(house) == []
    assert "not the oldest" in await kept(house)
    assert await months(house) == 1


async def test_a_long_read_is_not_waited_for(house, project):
    async with house.services.db.acquire() as db, db.transaction():
        await db.fetch("SELECT FROM vote_events LIMIT 1")
        assert await drop(house) == []
    assert "somebody reads" in await kept(house)
    assert await drop(house) == [OLD]


async def test_the_picture_begins_where_the_log_does(house, project):
    tally = (await house.services.functions.read([project[0]]))[project[0]].tally
    row = SimpleNamespace(id=project[0], created_at=None, widget=SimpleNamespace(tally=tally))
    await drop(house)
    history = await history_of(house.services.db, row)
    assert history.trimmed
    first, last = history.moments[0], history.moments[-1]
    assert (first.at.year, first.upvotes, first.downvotes) == (2020, 4, 1)
    assert (last.upvotes, last.downvotes) == (2, 2)


async def test_doctor_and_metrics_tell_how_long_events_are_kept(house, project):
    log = {check.name: check for check in await run_checks(services(house, 0).settings)}["event log"]
    assert (log.well, "since 2020-01" in log.text, "for ever" in log.text) == (True, True, True)
    log = {check.name: check for check in await run_checks(services(house, 30).settings)}["event log"]
    assert not log.well
    assert "1 months older than EVENTS_RETENTION" in log.text
    await drop(house)
    log = {check.name: check for check in await run_checks(services(house, 30).settings)}["event log"]
    assert log.well
    text = prometheus.write(await read_state(house.services)).decode()
    assert "upvote_event_log_size_bytes" in text
    assert "upvote_event_log_start_timestamp_seconds" in text


@pytest.mark.long
async def test_votes_persists_and_an_audit_go_on_while_months_are_dropped(house, project):
    users = [(await house.board.user()).id for _ in range(30)]
    await vote_at_random(house, project[0], users, 40)
    await house.settle()
    for month in range(2, 6):
        await house.execute("SELECT make_vote_events_partition(make_date(2020, $1, 1))", month)
    await house.execute(
        "UPDATE vote_events SET created_at = timestamptz '2020-02-01' + version * interval '120 days' "
        "/ (SELECT max(version) + 1 FROM vote_events WHERE project_id = $1) "
        "WHERE project_id = $1 AND version > 5",
        project[0],
    )
    done = asyncio.Event()

    async def busy() -> None:
        while not done.is_set():
            await vote_at_random(house, project[0], users, 2)
            await house.settle()

    voting = asyncio.create_task(busy())
    auditing = asyncio.create_task(verify(house.services))
    dropped: list[str] = []
    try:
        async with asyncio.timeout(CEILING):
            while len(dropped) < 5:
                dropped += await drop(house)
    finally:
        done.set()
        await voting
    assert (await auditing).findings == []
    assert dropped == [f"vote_events_2020_0{month}" for month in (1, 2, 3, 4, 5)]
    assert (await verify(house.services)).findings == []


async def vote_at_random(house: House, project_id: int, users: list[int], rounds: int) -> None:
    for _ in range(rounds):
        await asyncio.gather(*[house.cast(project_id, user, some_value()) for user in users])
