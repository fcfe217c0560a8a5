"""PostgreSQL goes back under load, or a second Redis is in use: no acknowledged vote is lost."""

import contextlib

import asyncpg
import pytest

from app.launcher.role_command import command
from tests.chaos.busy_stack import BusyStack
from tests.chaos.history import Outcome
from tests.chaos.program import Program
from tests.chaos.stack import alive, until
from tests.ports import free_port
from tests.servers import start_valkey
from tests.voting.time_travel import DatabaseCopies

pytestmark = pytest.mark.long


async def assert_last_votes(busy_stack: BusyStack) -> None:
    """Check that each user's last acknowledged vote on a project is in PostgreSQL and in Redis.

    A vote without an answer after it may have been counted instead.
    """
    ledger = await busy_stack.until_at_rest()
    last = {}
    for intent in sorted(busy_stack.crowd.history, key=lambda i: i.sent):
        pair = intent.project_id, intent.user_id
        if intent.outcome is Outcome.ACKNOWLEDGED:
            last[pair] = {intent.value}
        elif intent.outcome is Outcome.UNKNOWN:
            last.setdefault(pair, {0}).add(intent.value)
    wrong = {p: (v, ledger.votes.get(p, 0)) for p, v in last.items() if ledger.votes.get(p, 0) not in v}
    assert not wrong, f"{len(wrong)} of {len(last)}: {list(wrong.items())[:5]}"


async def test_a_postgresql_that_goes_back_under_load_gets_all_votes_again(busy_stack):
    url = busy_stack.stack.settings.database_url
    admin = await asyncpg.create_pool(url, database="postgres", min_size=0, max_size=2)
    copies = DatabaseCopies(admin, await busy_stack.db.fetchval("SELECT current_database()"))

    async def keep() -> str:
        with contextlib.suppress(asyncpg.PostgresError):  # a process connected in between
            return await copies.keep()
        return ""

    async def back(copy: str) -> bool:
        with contextlib.suppress(asyncpg.PostgresError):
            await copies.go_back(copy)
            return True
        return False

    async with busy_stack.crowd.voting():
        await busy_stack.until_more_are_persisted()
        copy = ""
        while not copy:
            copy = await keep()
        for _ in range(3):
            await busy_stack.until_more_are_persisted()
        while not await back(copy):
            pass
        await busy_stack.until_all_vote_again()
        await busy_stack.crowd.until_more(200)
    admin.terminate()
    assert await busy_stack.db.fetchval("SELECT count(*) FROM shard_epochs WHERE reason = 'rewound'")
    await assert_last_votes(busy_stack)


async def test_a_web_with_another_redis_gets_no_votes_and_loses_none(busy_stack, tmp_path):
    stack, port = busy_stack.stack, free_port()
    web = next(iter(stack.webs.values()))
    with start_valkey(tmp_path, "always") as other:
        stray = Program("stray", command("web"), stack.data_dir / "log", **web._variables)
        stray.configure(port=port, redis_url=other.url)
        stray.start()
        try:
            await until(lambda: alive(port))
            ports = busy_stack.crowd.ports
            busy_stack.crowd.ports = [*ports, port]
            async with busy_stack.crowd.voting():
                await busy_stack.crowd.until_more(800)
            busy_stack.crowd.ports = ports
        finally:
            stray.end()
    refused = [intent for intent in busy_stack.crowd.history if intent.port == port]
    assert {intent.status for intent in refused} <= {0, 503}
    assert refused
    await assert_last_votes(busy_stack)
