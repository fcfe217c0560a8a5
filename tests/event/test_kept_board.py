"""What an admin typed at /admin/board before the session ended, while others change the board."""

from tests.accounts.hashing import quick_hashes
from tests.accounts.person import one
from tests.event.board_pages import PAGE, fields_of, send

__all__ = ["one", "quick_hashes"]


async def test_a_draft_does_not_undo_what_another_admin_set(one, organise, db):
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", one.id)
    await organise(vote_until="2190-01-01 12:00")
    form = fields_of(await one.page(PAGE))
    await one.session_ends()
    assert "is kept" in await one.send(PAGE, **form | {"tagline": "Mine"})
    theirs = await organise(vote_until="2189-01-01 12:00")
    draft = fields_of(await one.sign_in(to=PAGE))
    assert (draft["tagline"], draft["vote_until"]) == ("Mine", "2189-01-01 12:00")
    status, text = await send(one.client, draft)
    assert status == 409
    assert "Voting ends</a> is “<bdi>2189-01-01 12:00</bdi>” now" in text
    assert (await send(one.client, fields_of(text)))[0] == 303
    now = one.app.extensions["upvote"].board.settings
    assert (now.tagline, now.vote_until) == ("Mine", theirs.vote_until)
