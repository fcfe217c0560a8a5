"""Who may make an account: everybody, those with an invitation, or nobody."""

import asyncio
import secrets

import pytest
from quart import Quart

from app.accounts.invitations import new_code
from app.accounts.names import NameTaken
from app.accounts.registration import RegistrationRefused, register
from app.moderation.new_user import create_user
from tests.accounts.hashing import quick_hashes
from tests.board.organise import organise
from tests.support import client_of
from tests.waiting import until

__all__ = ["organise", "quick_hashes"]

SECRET = "any secret"


def name() -> str:
    return f"r-{secrets.token_hex(5)}"


@pytest.fixture
async def invite(db):
    """Return a function that makes an invitation and returns its code."""

    async def make(uses: int = 1, **columns) -> str:
        code = new_code()
        await db.execute("INSERT INTO invitations (code, uses) VALUES ($1, $2)", code, uses)
        for column, value in columns.items():
            await db.execute(f"UPDATE invitations SET {column} = {value} WHERE code = $1", code)  # noqa: S608
        return code

    return make


async def used(db, code: str) -> int:
    return await db.fetchval("SELECT used FROM invitations WHERE code = $1", code)


async def members(db, code: str) -> int:
    """Return how many accounts were made with the invitation."""
    return await db.fetchval(
        "SELECT count(*) FROM users JOIN invitations ON invitation_id = invitations.id WHERE code = $1",
        code,
    )


async def send(app, path: str, **form):
    form = {"username": name(), "password": "correct horse", **form}
    answer = await client_of(app).post(path, form=form)
    return answer.status_code, await answer.get_data(as_text=True)


async def page(app, path: str, account=None) -> str:
    return await (await client_of(app, account).get(path)).get_data(as_text=True)


async def test_a_closed_board_makes_no_accounts_and_says_whom_to_ask(app, organise, invite, db):
    code = await invite(5)
    await organise(registration="closed", name="Winter Fair")
    for path in ("/register", f"/join/{code}"):
        status, text = await send(app, path)
        assert status == 403
        for html in (text, await page(app, path)):
            assert "Registration is closed" in html
            assert "ask the people who run <bdi>Winter Fair</bdi>" in html
    assert await used(db, code) == 0
    assert 'href="/register' not in await page(app, "/login")
    assert 'href="/register' not in await page(app, "/")


async def test_a_board_for_invited_people_asks_for_an_invitation(app, organise, invite, db):
    code = await invite()
    await organise(registration="invited")
    status, text = await send(app, "/register")
    assert status == 403
    for html in (text, await page(app, "/register")):
        assert "You need an invitation" in html
    assert "Use an invitation" in await page(app, "/login")
    assert (await send(app, f"/join/{code}"))[0] == 303
    assert await members(db, code) == 1


async def test_closing_holds_from_the_moment_it_is_answered(app, organise, db):
    """A registration that began before the change ends before it; what begins after it is refused."""
    async with db.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        early = await register(connection, SECRET, name(), "no hash")
        closing = asyncio.create_task(organise(registration="closed"))
        await until(lambda: waits_for_a_lock(db))
        assert not closing.done()
        await transaction.commit()
        await closing
        with pytest.raises(RegistrationRefused):
            async with connection.transaction():
                await register(connection, SECRET, name(), "no hash")
    assert await db.fetchval("SELECT count(*) FROM users WHERE id = $1", early.id) == 1


async def waits_for_a_lock(db) -> bool:
    return await db.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0


async def test_operators_create_accounts_on_a_closed_board(settings, organise):
    await organise(registration="closed")
    await create_user(settings, name(), "correct horse", is_admin=False)


async def test_forty_at_once_join_with_an_invitation_of_five(app, free_app, invite, organise, db):
    code = await invite(5)
    await organise(registration="invited")

    async def join(at: Quart) -> tuple[int, str]:
        """Join, and again as long as the line for passwords is too long, as browsers do, or a busy
        machine answers too late, as people do.
        """
        while True:
            answer = await send(at, f"/join/{code}")
            if answer[0] not in (307, 503):
                return answer

    answers = await asyncio.gather(*[join((app, free_app)[n % 2]) for n in range(40)])
    statuses = [status for status, _ in answers]
    assert (statuses.count(303), statuses.count(403)) == (5, 35)
    assert (await used(db, code), await members(db, code)) == (5, 5)
    assert "This invitation is used up" in await page(app, f"/join/{code}")


async def test_opening_the_page_uses_nothing(app, invite, db):
    code = await invite(label="'Team <Blue>'")
    for _ in range(3):
        html = await page(app, f"/join/{code}")
    assert "Team &lt;Blue&gt;" in html
    assert await used(db, code) == 0


async def test_a_name_that_is_taken_uses_nothing(app, invite, db):
    code, taken = await invite(), name()
    await send(app, "/register", username=taken)
    status, html = await send(app, f"/join/{code}", username=taken)
    assert status == 422
    assert "taken" in html
    assert f'action="/join/{code}"' in html
    async with db.acquire() as connection:  # taken by another one at the last moment
        with pytest.raises(NameTaken):
            async with connection.transaction():
                await register(connection, SECRET, taken, "no hash", code)
    assert await used(db, code) == 0


async def test_the_same_form_sent_twice_uses_one(app, invite, db):
    code, form = await invite(2), {"username": name(), "key": "the same key"}
    answers = await asyncio.gather(*[send(app, f"/join/{code}", **form) for _ in range(3)])
    answers.append(await send(app, f"/join/{code}", **form))
    assert [status for status, _ in answers] == [303] * 4
    assert await used(db, code) == 1


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("revoked_at", "now()", "was taken back"),
        ("until", "now()", "has expired"),
        ("used", "uses", "is used up"),
        ("code", f"'{'z' * 24}'", "There is no such invitation"),
    ],
)
async def test_an_invitation_of_no_use_says_why(app, invite, db, column, value, words):
    code = await invite(**{column: value})
    before = await db.fetchval("SELECT count(*) FROM users")
    assert words in await page(app, f"/join/{code}")
    status, html = await send(app, f"/join/{code}")
    assert status == 403
    assert words in html
    assert "registration is open" in html
    async with db.acquire() as connection, connection.transaction():
        with pytest.raises(RegistrationRefused):
            await register(connection, SECRET, name(), "no hash", code)
    assert await db.fetchval("SELECT count(*) FROM users") == before
    await db.execute("DELETE FROM invitations WHERE code = $1", "z" * 24)


async def test_an_invitation_for_admins_makes_admins(app, invite, db):
    code, admin = await invite(makes_admins="true"), name()
    assert "will be an admin" in await page(app, f"/join/{code}")
    assert (await send(app, f"/join/{code}", username=admin))[0] == 303
    assert await db.fetchval("SELECT is_admin FROM users WHERE username = $1", admin)


async def test_somebody_who_is_signed_in_is_told_so(app, board, invite, db):
    code, user = await invite(), await board.user()
    html = await page(app, f"/join/{code}", user)
    assert "You have an account already" in html
    assert user.username in html
    assert await used(db, code) == 0


@pytest.mark.parametrize("typed", ["{}", "https://board.example/join/{}", " {}/ ", "/join/{}?next=/"])
async def test_a_code_is_found_in_what_somebody_pastes(app, invite, typed):
    code = await invite()
    for spelled in (code, code.upper()):
        answer = await client_of(app).get("/join", query_string={"code": typed.format(spelled)})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/join/{code}")
    assert "That is no link or code" in await page(app, "/join?code=whatever")


async def test_a_code_with_a_character_that_postgresql_refuses_is_unknown(app):
    client = client_of(app)
    assert (await client.get("/join/%00")).status_code == 404
    form = {"username": "nul-code", "password": "correct horse"}
    assert (await client.post("/join/%00", form=form)).status_code == 403
