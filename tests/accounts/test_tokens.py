"""API tokens: their cache and their scopes."""

import secrets

from app.accounts.commands import create_token
from app.accounts.tokens import TokenCache
from tests.commands.run import run_in_process


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
