"""An admin who is suspended reads no secret tallies, also not in the export of their own data."""

import json

from app.accounts.queries import select_admin_ids
from app.moderation import actions
from app.moderation.user_commands import export_user
from app.projects.queries import insert_project
from app.voting.votes import Vote
from tests.accounts.hashing import quick_hashes
from tests.accounts.person import PASSWORD, one
from tests.board.organise import organise

__all__ = ["one", "organise", "quick_hashes"]


def tallies_of(text):
    [project] = json.loads(text)["projects"]
    return project["upvotes"], project["downvotes"]


async def test_a_suspended_admin_exports_no_secret_tallies(one, board, db, settings, organise):
    app, state = one.app, one.app.extensions["upvote_accounts"]
    other = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = ANY ($1)", [one.id, other.id])
    project_id = await insert_project(db, one.id, "Mine", None, "")
    services = app.extensions["upvote"]
    for voter in await board.users(2):
        await services.batcher.cast(Vote(project_id, voter.id, 1))
    await services.persist_events()
    await services.sync.run()
    await organise(tallies="after_reveal")
    state.admin_ids = frozenset(await select_admin_ids(db))
    assert tallies_of(await one.page("/me/export.json")) == (2, 0)
    assert tallies_of(b"".join([each async for each in export_user(settings, one.name)])) == (2, 0)
    await actions.suspend(services, state, other.id, one.id, "Sold votes")
    form = {"username": one.name, "password": PASSWORD}
    answer = await one.client.post("/suspended/export.json", form=form)
    assert tallies_of(await answer.get_data(as_text=True)) == (None, None)
    assert tallies_of(b"".join([each async for each in export_user(settings, one.name)])) == (
        None,
        None,
    )
    assert one.id not in await select_admin_ids(db)
