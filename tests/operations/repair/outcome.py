"""What the tests of repair expect from a reconcile."""

from app.operations.repair.reconcile import reconcile
from app.operations.verify.findings import Kind
from app.operations.verify.verify import verify


async def assert_repaired(own_board, project_id: int, *kinds: Kind) -> None:
    """Reconcile, then check that these kinds were repaired and that the project is as it was before."""
    outcome = await reconcile(own_board.services, [project_id])
    assert {finding.kind for finding in outcome.repaired} == set(kinds)
    assert outcome.unrepaired == []
    await assert_as_before(own_board, project_id)


async def assert_as_before(own_board, project_id: int) -> None:
    """Check that nothing differs and that the next vote counts."""
    assert (await verify(own_board.services)).findings == []
    assert await own_board.synced(project_id) == (3, 1, 6)
    assert sorted((await own_board.board.votes(project_id)).values()) == [-1, 1, 1, 1]
    user = await own_board.board.user()
    await own_board.cast(project_id, user.id, 1)  # hydrates a cold project
    await own_board.settle()
    assert await own_board.synced(project_id) == (4, 1, 7)
    assert (await verify(own_board.services)).findings == []


async def remains(own_board, project_id: int) -> dict[Kind, str]:
    """Reconcile and return the text of each finding that remains, by its kind."""
    outcome = await reconcile(own_board.services, [project_id])
    return {unrepaired.finding.kind: str(unrepaired) for unrepaired in outcome.unrepaired}
