"""`upvote webhook add`, `list` and `remove`, the moderation log, and what operators see."""

import base64
import json
import threading
from datetime import timedelta

import pytest

from app.webhooks import MOST_WEBHOOKS
from app.webhooks.addresses import Resolver
from app.webhooks.manage.commands import add, remove
from app.webhooks.manage.queries import KEPT, delete_old_events
from tests.commands.run import run_in_process
from tests.moderation.admin_pages import admin
from tests.support import client_of

__all__ = ["admin"]

URL = "https://hooks.example.invalid/in?token=geheim"


async def log_of(db) -> list[str]:
    rows = await db.fetch(
        "SELECT reason FROM moderation_actions WHERE action = 'webhook' ORDER BY id DESC LIMIT 2"
    )
    return [row["reason"] for row in rows]


async def test_a_webhook_is_added_listed_and_removed(settings, db):
    added = await run_in_process(
        settings, "webhook", "add", URL, "--events", "voting.closed,project.removed"
    )
    assert added.returncode == 0, added.stderr
    prefix, secret = added.stdout.strip().split("_", 1)
    assert prefix == "whsec"
    assert len(base64.b64decode(secret)) == 32
    assert "the name hooks.example.invalid is not found" in added.stderr
    listed = await run_in_process(settings, "webhook", "list", "--json")
    [webhook] = json.loads(listed.stdout)
    assert (webhook["url"], webhook["events"]) == (URL, ["project.removed", "voting.closed"])
    assert (webhook["waiting"], webhook["problem"]) == (0, None)
    text = await run_in_process(settings, "webhook", "list")
    assert f"{webhook['id']}  {URL}  project.removed, voting.closed  (nothing waits)" in text.stdout
    assert secret not in listed.stdout + text.stdout
    removed = await run_in_process(settings, "webhook", "remove", str(webhook["id"]))
    assert removed.stdout == f"Removed the webhook {webhook['id']}.\n"
    assert "There are no webhooks" in (await run_in_process(settings, "webhook", "list")).stdout
    assert await log_of(db) == [
        f"webhook {webhook['id']}: removed https://hooks.example.invalid/in?…",
        f"webhook {webhook['id']}: added https://hooks.example.invalid/in?… for project.removed, "
        "voting.closed",
    ]


async def test_a_look_up_without_an_answer_delays_adding_no_longer(settings, monkeypatch):
    given_up = threading.Event()
    monkeypatch.setattr("app.webhooks.manage.commands.LOOK_UP_SECONDS", 0.1)
    monkeypatch.setattr(
        Resolver.__init__, "__kwdefaults__", {"resolve": lambda *_, **__: given_up.wait()}
    )
    added = await add(settings, URL, "")
    given_up.set()
    assert added.warning == "the name hooks.example.invalid was not looked up within 0.1 s"
    await remove(settings, str(added.id))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("add", "http://hooks.example/"), "must begin with https://"),
        (("add", "https://127.0.0.1/"), "WEBHOOKS_PRIVATE=yes allows those"),
        (("add", "https://localhost/"), "localhost has the address"),
        (
            ("add", URL, "--events", "vote.cast"),
            "there is no event 'vote.cast'. The events are project.sub",
        ),
        (("remove", "x"), "there is no webhook 'x'"),
        (("remove", "9" * 30), "there is no webhook"),
    ],
)
async def test_what_is_refused_says_why_and_changes_nothing(words, problem, settings, db):
    result = await run_in_process(settings, "webhook", *words)
    assert result.returncode == 1
    assert problem in result.stderr
    assert "Nothing has changed." in result.stderr
    assert await db.fetchval("SELECT count(*) FROM webhooks") == 0


async def test_private_addresses_can_be_allowed(settings):
    result = await run_in_process(
        settings, "webhook", "add", "http://127.0.0.1:9/", WEBHOOKS_PRIVATE="yes"
    )
    assert result.returncode == 0, result.stderr


async def test_a_board_has_a_bounded_number_of_webhooks(settings, add):
    for number in range(MOST_WEBHOOKS):
        await add(f"https://hooks.example/{number}")
    result = await run_in_process(settings, "webhook", "add", URL)
    assert "at most 20 webhooks" in result.stderr


async def test_the_moderation_log_says_who_changed_the_webhooks(settings, free_app, admin):
    await run_in_process(settings, "webhook", "add", URL)
    page = await (await client_of(free_app, admin).get("/admin/audit")).get_data(as_text=True)
    assert "The command line changed the webhooks" in page
    assert "geheim" not in page


async def test_ops_and_metrics_show_what_fails(receiver, add, numbered, send, free_app, admin):
    receiver.answer = lambda _: "500 No"
    webhook_id = await add(f"{receiver.url}?token=geheim")
    await numbered("a", 1, 2)
    await send()
    page = await (await client_of(free_app, admin).get("/ops")).get_data(as_text=True)
    assert "2 waiting, 1 of them failing: it answers 500" in page
    assert "geheim" not in page
    metrics = await (await free_app.test_client().get("/metrics")).get_data(as_text=True)
    assert f'upvote_webhook_events_waiting{{webhook="{webhook_id}"}} 2.0' in metrics
    assert f'upvote_webhook_events_failing{{webhook="{webhook_id}"}} 1.0' in metrics


async def test_old_events_are_removed_once_nobody_waits_for_them(receiver, webhook, numbered, send, db):
    await numbered("a", 1)
    await send()
    receiver.answer = lambda _: "500 No"
    await numbered("b", 1)
    await send()
    await delete_old_events(db)
    assert await db.fetchval("SELECT count(*) FROM webhook_events") == 2
    earlier = KEPT + timedelta(hours=1)
    await db.execute("UPDATE webhook_events SET created_at = now() - $1::interval", earlier)
    await db.execute("UPDATE webhook_deliveries SET ended_at = ended_at - $1::interval", earlier)
    await delete_old_events(db)
    assert await db.fetch("SELECT subject FROM webhook_events") == [("b",)]
