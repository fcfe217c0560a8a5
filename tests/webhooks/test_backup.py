"""What waits for a webhook is in a backup, and is sent by the board that was restored from it."""

from app.storage.connections import open_database
from app.webhooks.sending.sender import WebhookSender
from tests.commands.run import run_in_process as upvote
from tests.second_board import assert_succeeded


async def test_a_restored_board_sends_what_waited(
    webhook, receiver, numbered, settings, second_board, tmp_path
):
    await numbered("a", 1, 2)
    assert_succeeded(await upvote(settings, "backup", str(tmp_path / "backup")))
    assert_succeeded(await upvote(second_board, "restore", str(tmp_path / "backup")))
    async with await open_database(second_board, query_seconds=30) as db:
        sender = WebhookSender(db, allow_private=True)
        await sender.start_due()
        await sender.wait()
        await sender.close()
    assert [request.number for request in receiver.accepted] == [("a", 1), ("a", 2)]
