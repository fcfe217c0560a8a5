"""Events arrive at least once, those of one subject in their order, whatever the receiver does."""

import asyncio
import os
import signal
from datetime import timedelta

import standardwebhooks

from app.webhooks import TYPES
from app.webhooks.manage.state import read_states
from app.webhooks.sending.queries import GIVE_UP_AFTER
from app.webhooks.sending.sender import AT_ONCE, JITTER, LEASE, WAITS, WebhookSender, wait_after
from app.webhooks.signing import new_secret
from tests.processes import running
from tests.waiting import until
from tests.webhooks.receiver import Receiver

MINUTE = timedelta(minutes=1)


async def problem_of(db) -> str | None:
    [state] = await read_states(db)
    return state.problem


async def test_a_message_is_signed_as_standard_webhooks_says(receiver, add, numbered, send):
    secret = new_secret()
    await add(receiver.url, secret=secret)
    await numbered("a", 1)
    await send()
    [request] = receiver.requests
    found = standardwebhooks.Webhook(secret).verify(request.body, request.headers)
    assert found == {"type": "project.updated", "data": {"subject": "a", "number": 1}}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("Upvote-Webhooks/")


async def test_a_delivered_event_is_not_sent_again(webhook, receiver, numbered, send, now):
    await numbered("a", 1)
    await send()
    await send(now + GIVE_UP_AFTER)
    assert len(receiver.requests) == 1


async def test_after_an_hour_of_errors_nothing_is_lost_and_order_is_kept(
    webhook, receiver, numbered, send, now
):
    receiver.answer = lambda _: "500 Internal Server Error"
    await numbered("a", 1, 2)
    await numbered("b", 1)
    for minute in range(60):
        await send(now + minute * MINUTE)
        if minute == 30:
            await numbered("a", 3)
    assert receiver.accepted == []
    assert 8 <= len(receiver.requests) < 60  # two subjects, ever more seldom
    assert {request.number for request in receiver.requests} == {("a", 1), ("b", 1)}
    receiver.answer = lambda _: "204 No Content"
    for minute in range(60, 180):
        await send(now + minute * MINUTE)
    numbers = [request.number for request in receiver.accepted]
    assert sorted(numbers) == [("a", 1), ("a", 2), ("a", 3), ("b", 1)]
    assert [number for subject, number in numbers if subject == "a"] == [1, 2, 3]


async def test_each_try_has_the_same_id_and_body(webhook, receiver, numbered, send, now):
    receiver.answer = lambda _: "503 Service Unavailable"
    await numbered("a", 1)
    await send()
    await send(now + MINUTE)
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


async def test_what_fails_of_one_subject_holds_up_no_other(webhook, receiver, numbered, send):
    receiver.answer = lambda request: "500 No" if request.number == ("a", 1) else "200 OK"
    await numbered("a", 1, 2)
    await numbered("b", 1, 2, 3)
    await send()
    assert sorted(request.number for request in receiver.accepted) == [("b", 1), ("b", 2), ("b", 3)]


async def test_a_receiver_that_hangs_delays_no_other_webhook(
    webhook, receiver, add, numbered, sender, db
):
    receiver.answer = lambda _: None
    await numbered("early", *range(1, 2 * AT_ONCE))
    await sender.start_due()
    await until(lambda: receiver.requests, "for the receiver that hangs")
    async with Receiver().serving() as other:
        await add(other.url)
        await numbered("late", 1, 2)
        await sender.start_due()
        await until(lambda: len(other.accepted) == 2, "for the other receiver")
    assert receiver.accepted == []


async def test_a_receiver_has_few_requests_at_once(webhook, receiver, numbered, sender):
    receiver.answer = lambda _: None
    for subject in range(3 * AT_ONCE):
        await numbered(f"s{subject}", 1)
    await sender.start_due()
    await sender.start_due()
    await until(lambda: len(receiver.requests) == AT_ONCE, "for the first requests")
    await sender.start_due()
    await asyncio.sleep(0)
    assert receiver.connections == AT_ONCE


async def test_a_receiver_that_hangs_is_given_up_in_time(
    webhook, receiver, numbered, send, db, monkeypatch
):
    monkeypatch.setattr("app.webhooks.sending.post.WEBHOOK_SECONDS", 0.3)
    receiver.answer = lambda _: None
    await numbered("a", 1)
    await send()
    assert await problem_of(db) == "no answer within 0.3 s"


async def test_a_receiver_that_is_away_is_tried_again(receiver, add, numbered, send, db, now):
    async with Receiver().serving() as other:
        pass  # its port is free again
    await add(other.url)
    await numbered("a", 1)
    await send()
    assert (await problem_of(db) or "").startswith("no answer (")
    async with other.serving():
        await send(now + MINUTE)
        assert len(other.accepted) == 1


async def test_after_a_day_an_event_is_given_up_and_the_next_one_is_sent(
    webhook, receiver, numbered, send, db, now
):
    receiver.answer = lambda request: "500 No" if request.number[1] == 1 else "200 OK"
    await numbered("a", 1, 2)
    await send()
    await send(now + GIVE_UP_AFTER + MINUTE)
    await send(now + GIVE_UP_AFTER + MINUTE)
    assert [request.number for request in receiver.accepted] == [("a", 2)]
    [state] = await read_states(db)
    assert (state.waiting, state.problem) == (0, "it answers 500")
    assert await db.fetchval("SELECT count(*) FROM webhook_deliveries WHERE given_up") == 1


async def test_waits_grow_for_a_day_and_differ(now):
    for tries, seconds in enumerate(WAITS, 1):
        waits = {wait_after(tries).total_seconds() for _ in range(50)}
        assert len(waits) > 1
        assert all(abs(wait - seconds) <= JITTER * seconds for wait in waits)
    assert wait_after(len(WAITS) + 20).total_seconds() >= WAITS[-1] * (1 - JITTER)


async def test_two_workers_send_each_event_once_and_in_order(webhook, receiver, numbered, db):
    subjects = [f"s{number}" for number in range(10)]
    for subject in subjects:
        await numbered(subject, 1, 2, 3, 4)
    workers = [WebhookSender(db, allow_private=True) for _ in range(2)]

    async def all_are_sent() -> bool:
        await asyncio.gather(*(worker.start_due() for worker in workers))
        return len(receiver.accepted) >= 40

    await until(all_are_sent, "for all events")
    for worker in workers:
        await worker.wait()
        await worker.close()
    numbers = [request.number for request in receiver.accepted]
    assert len(numbers) == len(set(numbers)) == 40
    for subject in subjects:
        assert [number for name, number in numbers if name == subject] == [1, 2, 3, 4]


async def test_what_a_killed_worker_was_sending_is_sent_again(
    webhook, receiver, numbered, send, settings, now
):
    receiver.answer = lambda _: None
    await numbered("a", 1, 2)
    async with running("worker", settings, webhooks_private="yes") as pid:
        await until(lambda: receiver.requests, "for the worker")
        os.kill(pid, signal.SIGKILL)
    receiver.answer = lambda _: "200 OK"
    await send(now)
    assert receiver.accepted == []  # it may still be on its way
    await send(now + LEASE + MINUTE)
    assert [request.number for request in receiver.accepted] == [("a", 1), ("a", 2)]
    assert receiver.requests[0].headers["webhook-id"] == receiver.requests[1].headers["webhook-id"]


async def test_a_removed_webhook_gets_nothing_more(webhook, receiver, numbered, send, db):
    await numbered("a", 1)
    await db.execute("DELETE FROM webhooks")
    await numbered("a", 2)
    await send()
    assert receiver.requests == []
    assert await db.fetchval("SELECT count(*) FROM webhook_events") == 1


async def test_a_webhook_gets_only_the_events_that_it_wants(receiver, add, numbered, send, db):
    await add(receiver.url, *(kind for kind in TYPES if kind != "project.updated"))
    await numbered("a", 1)
    await send()
    assert receiver.requests == []
    assert await db.fetchval("SELECT count(*) FROM webhook_events") == 0


async def test_without_a_webhook_nobody_looks_for_events_until_the_next_run(
    receiver, add, numbered, sender, monkeypatch
):
    assert not await sender.has_due()
    await sender.start_due()
    with monkeypatch.context() as patch:
        patch.setattr(sender, "_db", None)  # any query fails
        assert not await sender.has_due()
    await add(receiver.url)
    await numbered("a", 1)
    await sender.start_due()
    await sender.wait()
    assert (len(receiver.accepted), await sender.has_due()) == (1, False)
    await numbered("a", 2)
    assert await sender.has_due()
