"""Display names, names that look alike, and the badge of admins."""

import asyncio
import secrets

import pytest

from app.accounts.look_alikes import skeleton
from app.accounts.names import NameTaken, display_name_error, insert_account
from app.accounts.reserved_names import is_reserved
from app.accounts.settings.delete_account import delete
from app.errors import OperatorError
from app.moderation.new_user import create_user
from app.texts import clean_line, count_graphemes
from tests.asgi_calls import Browser, with_middleware
from tests.support import client_of

SECRET = "any secret"


def name() -> str:
    return f"n-{secrets.token_hex(6)}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("paul", "PauI"), ("paul", "pau1"), ("max", "rnax"), ("o0o", "000"), ("ann-lee", "ann_lee"),
        ("annlee", "Ann Lee"), ("admin", "аdmin"), ("wolf", "vvolf"), ("ann", "ａｎｎ"), ("ann", "𝐚𝐧𝐧"),
        ("adam", "adam\u3164"), ("adam", "a\u115fdam"), ("adam", "adam\u2800"),
        ("adam", "★ adam"), ("adam", "adam ❤\ufe0f"), ("adam", "<adam>"), ("adam", "🅰dam"),
        ("adam", "🇦dam 👩🏽\u200d🚀"), ("adam", "adam®"), ("adam", "adam 🇩🇪"),
        ("robert", "®obert"), ("adam", "adam\u20dd"),
    ],
)  # fmt: skip
def test_names_that_look_alike_have_one_skeleton(one, other):
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann", "bob"),
        ("José", "Jose"),
        ("田中", "田辺"),
        ("😀", "😁"),
        ("❤\ufe0f", "★"),
        ("🇩🇪", "🇫🇷"),
        ("ann 1", "ann 2"),
    ],
)
def test_names_that_look_different_have_two(one, other):
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize(
    "typed",
    [
        "Admin", "АDMIN", "a d m i n", "Mоderator", "Official Ann", "𝐒taff", "Ádmin", "Anna Admín",
        "Modérator", "Môd", "Admin1", "Anna-Admin", "site_admin", "SiteAdmin", "Аdmіn2", "Ađmin",
        "a\u0336d\u0336min", "Upvote Team", "The Team", "Organiser", "Anna (Orgánizer)",
        "Admin\u3164", "Autumn Hackathon", "The Áutumn-Hackathon Team",
    ],
)  # fmt: skip
def test_a_name_that_looks_like_the_staff_is_refused(typed):
    assert display_name_error(clean_line(typed), "Autumn Hackathon")


@pytest.mark.parametrize("typed", ["✔ Adam", "Adam ✅", "A\u2713", "Zoë ☑\ufe0f"])
def test_a_name_with_a_check_mark_is_refused(typed):
    assert "verified" in (display_name_error(clean_line(typed), "Autumn Hackathon") or "")
    assert display_name_error("Adam ★ 🚀", "Autumn Hackathon") is None


@pytest.mark.parametrize(
    "username",
    [
        "adm1n", "m0d-", "site-admin", "admin-team", "the_moderator", "admin1", "organiser",
        "autumn-hackathon", "autumnhackathon2", "adm1n2",
    ],
)  # fmt: skip
def test_a_username_that_looks_reserved_is_refused(username):
    assert is_reserved(username, "The Autumn Hackathon")


@pytest.mark.parametrize(
    "name",
    [
        "adminton", "madmin", "modern", "ada", "team-rocket", "Team Rocket", "Team 7", "007", "José",
        "Judge Ann", "autumn", "Anna of Autumn Hackathon", "Helpful Ann", "me-and-you", "me-7",
        "info-2", "हिमानी", "---",
        "Môdern", "Stafford", "田中", "",
    ],
)  # fmt: skip
def test_a_name_that_only_has_something_of_the_staffs_is_given(name):
    assert not is_reserved(name, "The Autumn Hackathon")
    assert not is_reserved(name, "")


@pytest.mark.parametrize(
    ("text", "count"),
    [("Ann", 3), ("👩‍👩‍👧", 1), ("🇩🇪🇫🇷", 2), ("👍🏽", 1), ("नि", 1), ("é", 1), ("", 0)],
)
def test_characters_are_counted_as_people_see_them(text, count):
    assert count_graphemes(text) == count


async def set_name(app, account, typed: str) -> int:
    answer = await client_of(app, account).post("/me/settings/name", form={"display_name": typed})
    return answer.status_code


async def stored(db, account) -> str | None:
    return await db.fetchval("SELECT display_name FROM users WHERE id = $1", account.id)


async def test_a_name_is_shown_wherever_its_account_is_named(app, board, db):
    account, tail = await board.user(), secrets.token_hex(4)
    project = await board.project(account)
    assert await set_name(app, account, f"  Zoë 山田 {tail} ") == 303
    shown, client = f"Zoë 山田 {tail}", client_of(app)
    whole = with_middleware(app)
    member = Browser(whole, app, await board.user())
    pages = [f"/projects/{project}", f"/users/{account.username}", "/?sort=new", "/feed.atom"]
    for path in pages:
        assert shown in await (await client.get(path)).get_data(as_text=True), path
        assert shown in (await Browser(whole, app).get(path)).body, path
    assert shown in (await member.get("/?sort=new")).body
    found = await (await client.get(f"/api/projects/{project}")).get_json()
    assert (found["author"], found["display_name"]) == (account.username, shown)
    assert shown in await (await client_of(app, account).get("/me/export.json")).get_data(as_text=True)
    assert await set_name(app, account, "") == 303
    assert await stored(db, account) is None
    assert shown not in await (await client.get(f"/projects/{project}")).get_data(as_text=True)


@pytest.mark.parametrize("typed", ["\u202e\u2066", "\u200b \u2800", "x" * 61, "Support"])
async def test_a_name_that_cannot_be_read_is_refused(app, board, db, typed):
    account = await board.user()
    assert await set_name(app, account, typed) == 422
    assert await stored(db, account) is None


async def test_directions_are_taken_out_of_a_name(app, board, db):
    account, tail = await board.user(), secrets.token_hex(4)
    assert await set_name(app, account, f"\u202eAnn\u0007 {tail}") == 303
    assert await stored(db, account) == f"Ann {tail}"


async def test_a_name_that_looks_like_anothers_is_refused(app, board, db):
    first, second, tail = await board.user(), await board.user(), secrets.token_hex(4)
    assert await set_name(app, first, f"Paula {tail}") == 303
    assert await set_name(app, second, f"pau1a-{tail.upper()}") == 422
    assert await set_name(app, second, first.username.upper()) == 422
    assert await set_name(app, second, second.username) == 303  # one's own
    assert await set_name(app, first, f"PAULA {tail}") == 303
    async with db.acquire() as connection:
        with pytest.raises(NameTaken):
            async with connection.transaction():
                await insert_account(connection, SECRET, f"paula_{tail}", None)


async def test_at_most_one_of_many_gets_a_name(app, board, db):
    accounts, tail = await board.users(8), secrets.token_hex(4)
    looks = [f"Mira {tail}", f"MIRA {tail}", f"m1ra{tail}", f"Мira-{tail}"] * 2
    pairs = zip(accounts, looks, strict=True)
    answers = await asyncio.gather(*[set_name(app, account, look) for account, look in pairs])
    assert sorted(answers) == [303] + [422] * 7


async def test_at_most_one_of_many_registers(db):
    tail = secrets.token_hex(4)

    async def register(username: str) -> bool:
        try:
            async with db.acquire() as connection, connection.transaction():
                await insert_account(connection, SECRET, username, None)
        except NameTaken:
            return False
        return True

    names = [f"roll{tail}", f"ro1l{tail}", f"roll-{tail}", f"r0ll_{tail}", f"roii{tail}"]
    assert sum(await asyncio.gather(*map(register, names))) == 1


async def test_who_asks_for_a_name_like_anothers_is_told_so(app, settings, db):
    tail = secrets.token_hex(5)
    async with db.acquire() as connection, connection.transaction():
        await insert_account(connection, SECRET, f"lola{tail}", None)
    wanted, password = f"l0la{tail}", "a password that is long"
    form = {"username": wanted, "password": password, "key": secrets.token_hex(16)}
    answer = await client_of(app).post("/register", form=form)
    assert "too like a name that somebody has or had" in await answer.get_data(as_text=True)
    with pytest.raises(OperatorError, match="too like a name that somebody has or had"):
        await create_user(settings, wanted, password, is_admin=False)


async def test_names_from_before_that_look_alike_stay(app, board, db):
    first, second, tail = await board.user(), await board.user(), secrets.token_hex(5)
    for account, username in ((first, f"kim{tail}"), (second, f"k1m{tail}")):
        await db.execute("UPDATE users SET username = $2 WHERE id = $1", account.id, username)
    assert await set_name(app, first, f"Somebody {tail}") == 303


async def test_admins_have_a_badge(app, board, db):
    account = await board.user()
    project = await board.project(account)
    paths = [f"/projects/{project}", f"/users/{account.username}"]

    async def badges() -> list[bool]:
        pages = [await (await client_of(app).get(path)).get_data(as_text=True) for path in paths]
        return ['class="admin-badge">Admin<' in page for page in pages]

    assert await badges() == [False, False]
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", account.id)
    assert await badges() == [True, True]
    await db.execute("UPDATE users SET is_admin = false WHERE id = $1", account.id)
    assert await badges() == [False, False]


async def test_the_display_name_of_a_deleted_account_is_not_given_out_again(app, board, db):
    first, second, tail = await board.user(), await board.user(), secrets.token_hex(4)
    assert await set_name(app, first, f"Ulla {tail}") == 303
    await delete(
        app.extensions["upvote"], app.extensions["upvote_accounts"], first, delete_projects=False
    )
    assert await set_name(app, second, f"u11a-{tail}") == 422


async def test_a_deleted_account_leaves_no_display_name(db, app, board, monkeypatch):
    from app.accounts.settings.queries import update_user_deleted

    account = await board.user()
    assert await set_name(app, account, f"Gone {secrets.token_hex(4)}") == 303
    async with db.acquire() as connection:
        await update_user_deleted(
            connection, account.id, f"deleted-{account.id}-{secrets.token_hex(3)}"
        )
    row = await db.fetchrow(
        "SELECT display_name, display_skeleton FROM users WHERE id = $1", account.id
    )
    assert tuple(row) == (None, None)
