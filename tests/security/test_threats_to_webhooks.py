"""The threats of docs/security.md to webhooks, and by webhooks."""

import json
import secrets
import time

import pytest
import standardwebhooks

from app.voting.votes import Vote
from app.webhooks.sending.sender import WebhookSender
from app.webhooks.signing import new_secret
from tests.support import client_of
from tests.waiting import until
from tests.webhooks.conftest import add, no_webhooks, numbered, receiver, send, sender
from tests.webhooks.receiver import Receiver

__all__ = ["add", "no_webhooks", "numbered", "receiver", "send", "sender"]


async def test_a_webhook_reaches_into_the_private_network(receiver, add, numbered, db):
    inside = ["127.0.0.1", "2130706433", "localhost", "[::ffff:127.0.0.1]"]
    for host in inside:
        await add(f"https://{host}:{receiver.port}/")
    await numbered("a", 1)
    careful = WebhookSender(db, allow_private=False)
    await careful.start_due()
    await careful.wait()
    await careful.close()
    problems = await db.fetch("SELECT problem FROM webhook_deliveries")
    assert len(problems) == len(inside)
    assert all("which is not a public one" in row["problem"] for row in problems)
    assert receiver.connections == 0


async def test_somebody_forges_an_event_of_a_webhook(receiver, add, numbered, send):
    secret = new_secret()
    await add(receiver.url, secret=secret)
    await numbered("a", 1)
    await send()
    [request] = receiver.requests
    own, others = standardwebhooks.Webhook(secret), standardwebhooks.Webhook(new_secret())
    own.verify(request.body, request.headers)
    forged = [
        (others, request.body, {}),
        (own, request.body.replace(b"1", b"2"), {}),
        (own, request.body, {"webhook-id": "msg_2"}),
        (own, request.body, {"webhook-timestamp": str(int(time.time()) - 200)}),
        (own, request.body, {"webhook-timestamp": str(int(time.time()) - 600)}),
    ]
    for checking, body, headers in forged:
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            checking.verify(body, request.headers | headers)


async def test_a_receiver_of_webhooks_holds_the_board_up(
    receiver, add, numbered, sender, batcher, board
):
    receiver.answer = lambda _: None
    await add(receiver.url)
    for subject in range(12):
        await numbered(f"s{subject}", 1)
    await sender.start_due()
    await until(lambda: len(receiver.requests) == 4, "for what the receiver gets at once")
    async with Receiver().serving() as other:
        await add(other.url)
        await numbered("late", 1)
        await sender.start_due()  # returns, as the job does
        await until(lambda: other.accepted, "for the other receiver")
    result = await batcher.cast(Vote(await board.project(), (await board.user()).id, 1))
    assert result.status.name == "ACCEPTED"
    assert receiver.connections == 4


async def test_a_webhook_tells_secret_tallies(receiver, add, send, free_app, board, batcher, db):
    await add(receiver.url)
    author = await board.user()
    form = {"title": f"Kite {secrets.token_hex(4)}", "url": "", "description": ""}
    answer = await client_of(free_app, author).post("/projects/new", form=form)
    path = answer.headers["Location"]
    for user in await board.users(3):
        await batcher.cast(Vote(int(path.rsplit("/", 1)[1]), user.id, 1))
    await client_of(free_app, author).post(f"{path}/edit", form=form | {"title": "Kites"})
    await send()
    assert len(receiver.accepted) == 2
    for request in receiver.accepted:
        project = json.loads(request.body)["data"]["project"]
        assert not {"upvotes", "downvotes", "score", "version", "vote_type"} & set(project)
