"""Threats of docs/security.md to names: one test per threat, with its name."""

import secrets

from tests.support import client_of


async def test_somebody_takes_a_name_that_looks_like_anothers(app, board, db):
    """More of them: tests/accounts/test_display_names.py."""
    victim, attacker, tail = await board.user(), await board.user(), secrets.token_hex(4)
    await db.execute("UPDATE users SET username = $2 WHERE id = $1", victim.id, f"paul-{tail}")
    client = client_of(app, attacker)
    for look in (
        f"paul-{tail}",
        f"PAUI {tail}",
        f"р\u0430ul{tail}",
        f"pau\u200bl-{tail}",
        "Αdmin",
        f"★ Paul {tail}",
        "✔ Zoë",
    ):
        answer = await client.post("/me/settings/name", form={"display_name": look})
        assert answer.status_code == 422, look
    assert await db.fetchval("SELECT display_name FROM users WHERE id = $1", attacker.id) is None
