"""With another VOTE_SHARDS than Redis has, no process changes votes until `upvote settle` ran."""

import asyncio
import signal
import sys

import pytest

from app.operations.verify.verify import verify
from app.services import open_services
from app.settings import Settings
from app.storage.migrate import migrate
from app.voting import keys
from app.voting.sharding import OtherShards
from app.voting.votes import Vote
from tests.commands.run import run_in_process as upvote
from tests.http import Connection
from tests.ports import free_port
from tests.processes import environment, until_answered
from tests.second_board import assert_succeeded
from tests.support import Board
from tests.waiting import CEILING


@pytest.fixture
async def one_shard(second_board: Settings) -> Settings:
    """Return a board with one shard and a vote that waits in Redis."""
    migrate(second_board)
    async with open_services(second_board) as services:
        board = Board(services.db)
        await services.batcher.cast(Vote(await board.project(), (await board.user()).id, 1))
    return second_board


async def test_another_number_of_shards_is_refused_until_the_board_was_settled(one_shard: Settings):
    three = one_shard.model_copy(update={"vote_shards": 3})
    async with open_services(three) as services:
        with pytest.raises(OtherShards, match="VOTE_SHARDS=1 upvote settle"):
            await services.functions.ping()
    assert_succeeded(await upvote(one_shard, "settle"))
    async with open_services(three) as services:
        await services.functions.ping()
        assert (await verify(services)).findings == []
        assert await services.redis.get(keys.SHARDS) == b"3"


@pytest.mark.parametrize("role", ["web", "worker"])
async def test_a_start_with_another_number_of_shards_is_refused_with_advice(
    one_shard: Settings, role: str
):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "app.commands", role),
        env=environment(one_shard, vote_shards=3, port=free_port()),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), CEILING)
    assert process.returncode == 1
    assert said.decode().count("\n") == 1
    assert "run VOTE_SHARDS=1 upvote settle" in said.decode()


async def test_an_emptied_redis_stores_the_number_of_shards_again(one_shard: Settings):
    async with open_services(one_shard) as services:
        await services.functions.ping()
        await services.redis.flushdb()
        await services.functions.ping()
        assert await services.redis.get(keys.SHARDS) == b"1"


@pytest.mark.long
async def test_a_web_process_keeps_running_if_its_successor_would_be_refused(
    one_shard: Settings, tmp_path
):
    """This is SIGHUP after VOTE_SHARDS was changed in .env."""
    variables = environment(one_shard, port=free_port())
    variables.pop("VOTE_SHARDS", None)
    (tmp_path / ".env").write_text("VOTE_SHARDS=1\n")
    port = int(variables["PORT"])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "app.commands", "web"),
        env=variables,
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        await until_answered(port, "/readyz")
        (tmp_path / ".env").write_text("VOTE_SHARDS=3\n")
        process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(CEILING):
            await process.stdout.readuntil(b"the old one goes on")
        async with Connection(port) as connection:
            assert (await connection.get("/readyz")).status == 200
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), CEILING)
