"""Ranks against values computed by hand from the formulas in docs/ranking.md."""

from datetime import UTC, datetime, timedelta

import pytest

from app.projects.orders import ORDERS
from app.voting.queries import update_tallies

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


async def project_with(board, db, up, down, created_at=None):
    project_id = await board.project()
    if created_at:
        await db.execute("UPDATE projects SET created_at = $2 WHERE id = $1", project_id, created_at)
    await sync(db, project_id, up, down, 1)
    return project_id


async def sync(db, project_id, up, down, version):
    async with db.acquire() as connection:
        await update_tallies(connection, [(project_id, up, down, version)])


async def rank(db, project_id, order):
    return await db.fetchval(f"SELECT {ORDERS[order].rank} FROM projects WHERE id = $1", project_id)  # noqa: S608


@pytest.mark.parametrize(
    ("up", "down", "seconds", "hot"),
    [
        (10, 0, 45_000, 2.0),  # log10(10) + 1
        (1, 0, 45_000, 1.0),  # log10(1) + 1
        (0, 0, 45_000, 1.0),  # the sign of 0 is 0
        (0, 100, 90_000, 0.0),  # -log10(100) + 2
        (1500, 500, 0, 3.0),  # log10(1000) + 0
    ],
)
async def test_hot_is_the_logarithm_of_the_score_plus_the_time(board, db, up, down, seconds, hot):
    project_id = await project_with(board, db, up, down, EPOCH + timedelta(seconds=seconds))
    assert await rank(db, project_id, "hot") == pytest.approx(hot, abs=1e-9)


CONTROVERSY = [  # high only with many votes on both sides
    (8, 8, 16.0),  # 16 ^ 1
    (9, 3, 2.289428485),  # 12 ^ (1/3), the cube root
    (2, 8, 1.778279410),  # 10 ^ (1/4)
    (50_000, 50_000, 100_000.0),
    (500, 0, 0.0),
    (0, 500, 0.0),
    (0, 0, 0.0),
]
BEST = [  # the lower bound of Wilson's interval
    # p = 1: the root becomes z / 2n, so the bound is 1 / (1 + 3.8416 / n)
    (1, 0, 0.206543291),
    (10, 0, 0.722459831),
    # p = 0.5, n = 100: (0.519208 - 1.96 * 0.05095135) / 1.038416
    (50, 50, 0.403829829),
    (0, 0, 0.0),
    # without upvotes: minus the downvotes, since rounding makes the bound of (0, 3) 2.2e-16
    (0, 1, -1.0),
    (0, 3, -3.0),
    (0, 10, -10.0),
]


@pytest.mark.parametrize(
    ("order", "up", "down", "wanted"),
    [("controversial", *each) for each in CONTROVERSY] + [("best", *each) for each in BEST],
)
async def test_a_rank_follows_its_formula(board, db, order, up, down, wanted):
    project_id = await project_with(board, db, up, down)
    assert await rank(db, project_id, order) == pytest.approx(wanted, rel=1e-7)


async def test_best_has_downvoted_projects_last(board, db):
    """One upvote beats any number of downvotes on a project without upvotes."""
    votes = [(1, 0), (1, 2_000_000_000), (0, 0), *((0, down) for down in range(1, 60))]
    projects = [await project_with(board, db, up, down) for up, down in votes]
    ranks = [await rank(db, project_id, "best") for project_id in projects]
    assert ranks == sorted(set(ranks), reverse=True)


async def test_rising_weighs_votes_by_their_time(board, db):
    """Three hours after submission a vote weighs 2, six hours after it 4."""
    three_hours_ago = datetime.now(UTC) - timedelta(hours=3)
    project_id = await project_with(board, db, 4, 0, three_hours_ago)
    zero = (three_hours_ago - EPOCH).total_seconds() / 10_800
    assert await rank(db, project_id, "rising") - zero == pytest.approx(3.0, abs=0.01)  # log2(4 * 2)
    await db.execute(
        "UPDATE projects SET created_at = created_at - interval '3 hours' WHERE id = $1", project_id
    )
    await sync(db, project_id, 5, 0, 2)
    assert await rank(db, project_id, "rising") - zero + 1 == pytest.approx(3.585, abs=0.01)  # log2(12)


async def test_rising_falls_when_votes_are_taken_back_or_cast_against(board, db):
    project_id = await project_with(board, db, 6, 0)
    high = await rank(db, project_id, "rising")
    await sync(db, project_id, 5, 2, 2)
    low = await rank(db, project_id, "rising")
    assert high - low == pytest.approx(1.0, abs=0.01)  # log2(6) - log2(3)
    await sync(db, project_id, 0, 2, 3)
    assert high - await rank(db, project_id, "rising") == pytest.approx(
        22.585, abs=0.01
    )  # log2(6) + 20


async def test_votes_do_not_raise_an_old_project_in_rising(app, board, db):
    now = datetime.now(UTC)
    old = await project_with(board, db, 0, 0, now - timedelta(days=4))
    before = await rank(db, old, "rising")
    await sync(db, old, 1000, 0, 2)
    assert await rank(db, old, "rising") == before


async def test_votes_do_not_bring_an_old_project_back_in_hot(board, db):
    """A thousand votes are worth 37.5 hours, so no number of votes makes up for two years."""
    old = await project_with(board, db, 2_000_000_000, 0, datetime.now(UTC) - timedelta(days=730))
    new = await project_with(board, db, 0, 2)
    assert await rank(db, old, "hot") < await rank(db, new, "hot")
