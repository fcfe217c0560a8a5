"""While tallies are secret, others' votes change nothing of what a reader is answered (I10)."""

from difflib import unified_diff
from pprint import pformat

from tests.board.every_route import Answers, read_everything, unlisted
from tests.board.secret_app import app, others_vote, world

__all__ = ["app", "world"]


def differences(before: Answers, after: Answers) -> dict[str, list[str]]:
    """Return the lines that differ, by reader and address."""
    assert before.keys() == after.keys()
    return {
        " ".join(key): list(
            unified_diff(*(pformat(each[key]).splitlines() for each in (before, after)), n=0)
        )
        for key in before
        if before[key] != after[key]
    }


def test_every_route_is_compared(app):
    assert not unlisted(app)


async def test_others_votes_change_no_byte(app, organise, board, world):
    await organise(tallies="after_reveal")
    before = await read_everything(app, world)
    await others_vote(app, board, world.projects)
    after = await read_everything(app, world)
    assert differences(before, after) == {}


async def test_the_comparison_sees_votes_that_are_public(app, organise, board, world):
    before = await read_everything(app, world, only="reader")
    await others_vote(app, board, world.projects)
    after = await read_everything(app, world, only="reader")
    changed = {key.split()[2] for key in differences(before, after)}
    first = world.projects[0]
    assert {"/", f"/projects/{first}", f"/api/projects/{first}", "/api/votes/metrics"} <= changed
    assert any(path.startswith("/live") for path in changed)
