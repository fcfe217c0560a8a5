"""The demo's votes have times over the past months, although they were all cast at once."""

from app.demo import queries
from app.operations.verify.verify import verify
from app.voting.persist import persist_events
from app.voting.persist.queries import make_partition
from app.voting.votes import Vote


async def test_votes_are_spread_over_a_projects_life_and_pass_verify(
    free_app, board, db, redis, batcher, monkeypatch
):
    monkeypatch.setattr("app.operations.verify.verify.RECHECK_WAITS", (0.0, 0.0))
    project_id, other = await board.project(), await board.project()
    began = await db.fetchval("SELECT created_at FROM projects WHERE id = $1", project_id)
    await db.execute(
        "UPDATE projects SET created_at = now() - interval '20 days' WHERE id = $1", project_id
    )
    voters = [account.id for account in await board.users(5)]
    for voter in voters:
        for value in (1, -1):
            await batcher.cast(Vote(project_id, voter, value))
        await batcher.cast(Vote(other, voter, 1))
    await persist_events(redis, db, 0)
    cast, untouched = await board.events(project_id), await board.events(other)
    async with db.acquire() as connection:
        await make_partition(connection, -1)
        await queries.update_times(connection, [project_id])

    events = await board.events(project_id)
    times = [event["created_at"] for event in events]
    assert times == sorted(set(times))
    assert (times[-1] - times[0]).days > 10
    since, until = await db.fetchrow("SELECT created_at, now() FROM projects WHERE id = $1", project_id)
    assert since <= times[0] < times[-1] <= until
    voted = await db.fetch(
        "SELECT version, voted_at FROM votes WHERE project_id = $1 ORDER BY version", project_id
    )
    last = {event["version"]: event["created_at"] for event in events}
    assert [row["voted_at"] for row in voted] == [last[row["version"]] for row in voted]
    assert await board.events(other) == untouched
    services = free_app.extensions["upvote"]
    found = (await verify(services, [project_id, other])).findings
    # The first version tells of the epochs that other tests began, and the new times do not.
    leap = f"versions 1 to {events[0]['version'] - 1} are missing from the event log"
    assert [finding for finding in found if finding.text != leap] == []
    await set_times_back(db, project_id, began, cast)


async def set_times_back(db, project_id, began, cast) -> None:
    """Give a project its own times again: by the others, another test's verification of the whole board
    would miss the versions before the first one.
    """
    for event in cast:
        key = project_id, event["version"]
        for statement in (
            "UPDATE vote_events SET created_at = $3 WHERE (project_id, version) = ($1, $2)",
            "UPDATE votes SET voted_at = $3 WHERE (project_id, version) = ($1, $2)",
        ):
            await db.execute(statement, *key, event["created_at"])
    await db.execute("UPDATE projects SET created_at = $2 WHERE id = $1", project_id, began)
