"""The cache of API tokens."""

import secrets

from app.accounts.commands import create_token
from app.accounts.tokens import TokenCache


async def test_only_tokens_of_the_board_are_remembered(settings, board, db):
    user, cache = await board.user(), TokenCache()
    token = await create_token(settings, user.username)
    for _ in range(100):
        assert await cache.user_id(db, f"{token}{secrets.token_hex(2000)}") is None
    assert await cache.user_id(db, token) == user.id
    assert len(cache._users) == 1
