"""An admin, and the requests of the moderation pages."""

import pytest


@pytest.fixture
async def admin(db, board):
    user = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", user.id)
    return user


async def page(client, path):
    """Return the status and the HTML of a page."""
    answer = await client.get(path)
    return answer.status_code, await answer.get_data(as_text=True)


async def act(client, path, action, reason="spam"):
    """Send the form of a moderation action."""
    return await client.post(path, form={"action": action, "reason": reason})
