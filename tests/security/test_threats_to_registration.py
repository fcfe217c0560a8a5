"""The threats of docs/security.md to who may register."""

import secrets

from app.accounts.invitations.manage import make_invitation, parse_invitation, revoke_invitation
from app.board.settings import BoardSettings
from app.moderation.actions import suspend
from tests.accounts.hashing import quick_hashes

__all__ = ["quick_hashes"]


async def join(browser, code: str) -> int:
    form = {"username": f"leak-{secrets.token_hex(4)}", "password": "correct horse"}
    return (await browser().post(f"/join/{code}", form)).status


async def test_an_invitations_link_leaks(browser, board, db, capfd):
    admin, zone = await board.user(), BoardSettings().zone
    new = parse_invitation("For two", "2", "", zone, makes_admins=False)
    async with db.acquire() as connection, connection.transaction():
        code = (await make_invitation(connection, admin.id, new, zone)).code
    assert len(code) * 5 == 120  # bits, so nobody finds it by trying
    page = await browser().get(f"/join/{code}")
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"  # no other site is told
    assert await join(browser, code) == 303
    assert await revoke_invitation(db, admin.id, code, zone)
    assert await join(browser, code) == 403
    joined = await db.fetch(
        "SELECT username FROM users JOIN invitations ON invitations.id = invitation_id WHERE code = $1",
        code,
    )
    assert [row["username"][:5] for row in joined] == ["leak-"]
    assert code not in "".join(capfd.readouterr())
    reasons = await db.fetch("SELECT reason FROM moderation_actions WHERE admin_id = $1", admin.id)
    assert len(reasons) == 2
    assert not [row for row in reasons if code in row["reason"]]


async def test_a_former_admin_comes_back_by_an_invitation(browser, board, db, free_app):
    former, zone = await board.user(), BoardSettings().zone
    new = parse_invitation("Back door", "2", "", zone, makes_admins=True)
    async with db.acquire() as connection, connection.transaction():
        code = (await make_invitation(connection, former.id, new, zone)).code
    services = free_app.extensions["upvote"]
    assert await suspend(services, free_app.extensions["upvote_accounts"], None, former.id, "x")
    assert await join(browser, code) == 403
