"""What the answers of a receiver do: of an answer only its status counts."""

from datetime import timedelta

from app.webhooks.manage.state import read_states
from app.webhooks.sending.sender import AT_ONCE
from tests.webhooks.receiver import Receiver

MINUTE = timedelta(minutes=1)


async def problem_of(db) -> str | None:
    [state] = await read_states(db)
    return state.problem


async def test_gone_disables_a_webhook(webhook, receiver, numbered, send, db, now):
    receiver.answer = lambda _: "410 Gone"
    await numbered("a", 1, 2)
    await send()
    [state] = await read_states(db)
    assert state.disabled
    assert "410" in state.words
    await numbered("b", 1)
    await send(now + MINUTE)
    assert len(receiver.requests) == 1


async def test_a_redirect_is_not_followed(webhook, receiver, numbered, send, db):
    async with Receiver().serving() as inside:
        receiver.answer = lambda _: f"307 Temporary Redirect\r\nLocation: {inside.url}"
        await numbered("a", 1)
        await send()
        assert inside.connections == 0
    assert await problem_of(db) == "it answers 307, and redirects are not followed"


async def test_of_an_endless_answer_little_is_read(webhook, receiver, numbered, send, db):
    pieces = iter([b"\r\n"])
    receiver.body = lambda: next(pieces, b"x" * 65_536)
    await numbered("a", 1)
    await send()
    assert len(receiver.accepted) == 1
    assert receiver.sent < 16 * 1024 * 1024  # what fits into buffers
    assert (await read_states(db))[0].waiting == 0


async def test_an_endless_head_is_a_failure(webhook, receiver, numbered, send, db):
    receiver.body = lambda: b"X-More: " + b"x" * 8_000 + b"\r\n"
    await numbered("a", 1)
    await send()
    assert (await problem_of(db) or "").startswith("no answer (")
    assert receiver.sent < 16 * 1024 * 1024


async def test_endless_interim_answers_are_a_failure(webhook, receiver, numbered, send, db):
    receiver.answer = lambda _: "103 Early Hints"
    pieces = iter([b"\r\n"])
    receiver.body = lambda: next(pieces, b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1_000)
    await numbered("a", 1)
    await send()
    assert await problem_of(db) == "no answer (the answer has more than 65,536 bytes)"
    assert receiver.sent < 16 * 1024 * 1024


async def test_a_receiver_in_trouble_gets_few_requests(webhook, receiver, numbered, send):
    receiver.answer = lambda _: "503 Service Unavailable"
    for subject in range(3 * AT_ONCE):
        await numbered(f"s{subject}", 1)
    await send()
    assert 1 <= len(receiver.requests) <= AT_ONCE
