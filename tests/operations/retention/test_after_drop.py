"""After a drop, verify, repair, charts and doctor start where the event log begins."""

import time
from types import SimpleNamespace

import pytest

from app.operations.doctor.check import Check
from app.operations.doctor.run_checks import run_checks
from app.operations.ops import prometheus
from app.operations.ops.state import read_state
from app.operations.repair.reconcile import reconcile
from app.operations.retention.drop import KEPT_REASON, KEPT_SINCE
from app.operations.verify.findings import Kind
from app.operations.verify.verify import verify
from app.projects.history import history_of
from app.voting import keys
from tests.operations.retention.old_events import OLD, drop_old_months, move_to_month, services_keeping


@pytest.mark.parametrize("cold", [False, True])
async def test_verify_agrees_and_says_where_the_event_log_begins(own_board, project, cold):
    await drop_old_months(own_board)
    if cold:
        await own_board.make_cold(project[0])
    report = await verify(own_board.services)
    assert (report.findings, report.notes, report.events) == ([], [], 2)
    assert "events of 1 projects up to 2020-01-15T00:00:00.005Z were dropped" in str(report.dropped)
    await own_board.cast(project[0], project[1][0], 0)
    await own_board.cast(project[0], project[1][3], 1)
    assert (await verify(own_board.services)).findings == []
    await own_board.settle()
    assert (await verify(own_board.services)).findings == []


async def test_a_second_month_adds_to_the_first(own_board, project):
    await drop_old_months(own_board)
    await move_to_month(own_board, project[0], 6, "2020-02")
    assert await drop_old_months(own_board) == ["vote_events_2020_02"]
    base = await own_board.services.db.fetchrow(
        "SELECT version, upvotes, downvotes FROM vote_bases WHERE project_id = $1", project[0]
    )
    assert tuple(base) == (6, 3, 1)
    assert (await verify(own_board.services)).findings == []


async def test_an_event_log_that_was_dropped_completely_agrees(own_board, project):
    await move_to_month(own_board, project[0], 7)
    assert await drop_old_months(own_board) == [OLD]
    report = await verify(own_board.services)
    assert (report.findings, report.events) == ([], 0)


async def test_an_altered_old_vote_is_found_and_not_repaired(own_board, project):
    project_id, users = project
    await drop_old_months(own_board)
    await own_board.execute(
        "UPDATE votes SET value = -1 WHERE project_id = $1 AND user_id = $2", project_id, users[0]
    )
    findings = await own_board.findings(project_id)
    assert Kind.BASE in findings
    assert "log begins are 1 up, 2 down, but should be 2 up, 1 down" in findings[Kind.BASE]
    before = await own_board.everything()
    outcome = await reconcile(own_board.services, [project_id])
    assert outcome.repaired == []
    assert any("EVENTS_RETENTION" in unrepaired.reason for unrepaired in outcome.unrepaired)
    assert await own_board.everything() == before  # the value in Redis may be the right one


async def test_a_missing_old_vote_and_an_extra_one_are_found(own_board, project):
    project_id, users = project
    await drop_old_months(own_board)
    await own_board.execute(
        "DELETE FROM votes WHERE project_id = $1 AND user_id = $2", project_id, users[0]
    )
    assert Kind.BASE in await own_board.findings(project_id)
    stranger = (await own_board.board.user()).id
    await own_board.execute(
        "INSERT INTO votes (project_id, user_id, value, version, voted_at) "
        "VALUES ($1, $2, 1, 1, '2020-01-15'), ($1, $3, 1, 2, '2020-01-15')",
        project_id,
        users[0],
        stranger,
    )
    assert Kind.BASE in await own_board.findings(project_id)


async def test_a_newer_vote_is_repaired_and_old_ones_stay(own_board, project):
    project_id, users = project
    await drop_old_months(own_board)
    votes = await own_board.board.votes(project_id)
    await own_board.execute(
        "UPDATE votes SET value = 1 WHERE project_id = $1 AND user_id = $2", project_id, users[4]
    )
    assert Kind.VOTES in await own_board.findings(project_id)
    outcome = await reconcile(own_board.services, [project_id])
    assert outcome.unrepaired == []
    assert await own_board.board.votes(project_id) == votes
    assert await own_board.findings(project_id) == {}


async def test_a_gap_after_the_beginning_is_found(own_board, project):
    await drop_old_months(own_board)
    await own_board.execute("DELETE FROM vote_events WHERE project_id = $1 AND version = 6", project[0])
    assert "version 6 is missing" in (await own_board.findings(project[0]))[Kind.GAP]


async def test_a_head_is_repaired_from_where_the_event_log_begins(own_board, project):
    await move_to_month(own_board, project[0], 7)
    await drop_old_months(own_board)
    await own_board.execute("UPDATE vote_heads SET version = 3 WHERE project_id = $1", project[0])
    assert Kind.HEAD in await own_board.findings(project[0])
    await reconcile(own_board.services, [project[0]])
    assert await own_board.findings(project[0]) == {}


async def test_the_chart_begins_where_the_event_log_does(own_board, project):
    tally = (await own_board.services.functions.read([project[0]]))[project[0]].tally
    row = SimpleNamespace(id=project[0], created_at=None, vote_box=SimpleNamespace(tally=tally))
    await drop_old_months(own_board)
    history = await history_of(own_board.services.db, row)
    assert history.trimmed
    first, last = history.points[0], history.points[-1]
    assert (first.at.year, first.upvotes, first.downvotes) == (2020, 4, 1)
    assert (last.upvotes, last.downvotes) == (2, 2)


async def test_doctor_and_metrics_say_how_long_events_are_kept(own_board, project):
    log = await event_log(own_board, 0)
    assert (log.passed, "since 2020-01" in log.text, "kept forever" in log.text) == (True, True, True)
    log = await event_log(own_board, 30)
    assert (log.passed, "1 month to be dropped" in log.text) == (True, True)
    redis = own_board.services.redis
    kept = {KEPT_REASON: "differences remain", KEPT_SINCE: time.time() - 4 * 86_400}
    await redis.hset(keys.METRICS_WORKER, mapping=kept)
    log = await event_log(own_board, 30)
    assert not log.passed
    assert "1 month older than EVENTS_RETENTION not dropped for 3 nights: differences" in log.text
    await drop_old_months(own_board)
    assert not await redis.hexists(keys.METRICS_WORKER, KEPT_SINCE)
    assert (await event_log(own_board, 30)).passed
    text = prometheus.render(await read_state(own_board.services)).decode()
    assert "upvote_event_log_size_bytes" in text
    assert "upvote_event_log_start_timestamp_seconds" in text


async def event_log(own_board, days: int) -> Check:
    """Return doctor's check of the event log with this EVENTS_RETENTION."""
    checks = await run_checks(services_keeping(own_board, days).settings)
    return {check.name: check for check in checks}["event log"]
