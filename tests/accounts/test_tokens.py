"""API tokens: their cache and their scopes."""

import json
import secrets

from app.accounts.commands import create_token
from app.accounts.tokens import TokenCache
from tests.commands.run import run_in_process
from tests.waiting import until


async def test_only_tokens_of_the_board_are_remembered(settings, board, db):
    user, cache = await board.user(), TokenCache()
    token = await create_token(settings, user.username)
    for _ in range(100):
        assert await cache.user_id(db, f"{token}{secrets.token_hex(2000)}") is None
    assert await cache.user_id(db, token) == user.id
    assert len(cache._users) == 1


async def test_a_scope_is_for_admins(settings, board, db):
    user = await board.user()
    command = "token", "create", user.username, "--scope", "projects"
    refused = await run_in_process(settings, *command)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"upvote user admin {user.username}" in refused.stderr
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", user.id)
    made = await run_in_process(settings, *command)
    plain = await run_in_process(settings, *command[:3])
    uses = [await TokenCache().use(db, each.stdout.strip()) for each in (made, plain)]
    assert uses == [(user.id, {"projects"}), (user.id, frozenset())]
    assert (await run_in_process(settings, *command[:3], "--scope", "all")).returncode == 2


async def test_tokens_are_listed_and_revoked(settings, board, db):
    user, other = await board.user(), await board.user()

    async def run(*arguments: str):
        return await run_in_process(settings, "token", *arguments)

    assert "has no API tokens" in (await run("list", user.username)).stdout
    token = await create_token(settings, user.username)
    await create_token(settings, user.username)

    async def is_used() -> bool:
        """Return whether the use was noted, for which no request waits long."""
        await TokenCache().user_id(db, token)
        return await db.fetchval(
            "SELECT count(last_used_at) FROM api_tokens WHERE user_id = $1", user.id
        )

    await until(is_used, "for the time of its use")
    listed = json.loads((await run("list", user.username, "--json")).stdout)
    assert [each["last_used_at"] is None for each in listed] == [True, False]
    number = str(listed[1]["id"])
    lines = (await run("list", user.username)).stdout.splitlines()
    assert lines[1].startswith(f"{number}  made on the command line")
    assert token not in "".join(lines)

    for name, wrong in ((other.username, number), (user.username, "x"), (user.username, "0")):
        refused = await run("revoke", name, wrong)
        assert (refused.returncode, "upvote token list" in refused.stderr) == (1, True)
    assert await TokenCache().user_id(db, token) == user.id
    assert (await run("revoke", user.username, number)).stdout == (
        f"Revoked the token {number} of {user.username}.\n"
    )
    assert await TokenCache().user_id(db, token) is None
    assert "There is no user" in (await run("list", "nobody-here")).stderr
