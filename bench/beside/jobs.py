"""Activities that are commands of an operator, and jobs of the worker."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.accounts.withdrawals import run_withdrawals
from app.accounts.withdrawals.queries import insert_withdrawal
from app.demo import cast_with_retries
from app.operations.retention.drop import drop_old_partitions
from app.services import open_services
from app.voting import cooling
from app.voting.votes import Vote
from bench.beside import queries
from bench.beside.activity import Activity, Work, again, once, plain
from bench.beside.board import BesideBoard
from bench.beside.stored import EXTRA_USERS
from workers.reconcile import reconcile
from workers.sync_tallies import sync_tallies

VOTES_AT_ONCE = 50  # of what an activity needs before it begins
IDLE = 10  # s without a vote; all projects but those that the voters vote on are idle for longer
RETENTION = 60  # days; older months of the event log are dropped
IMPORTED = 1_000

_numbers = itertools.count(1)


def command(name: str, *words: str) -> Activity:
    return Activity(name, plain(lambda board: again(lambda: board.command(*words))))


@asynccontextmanager
async def backup(board: BesideBoard) -> AsyncIterator[Work]:
    directory = board.settings.data_dir / "backups"

    async def step() -> None:
        await board.command("backup", str(directory / str(next(_numbers))))

    yield again(step)
    shutil.rmtree(directory, ignore_errors=True)


@asynccontextmanager
async def rebuild(board: BesideBoard) -> AsyncIterator[Work]:
    await _cool(board)
    yield once(lambda: board.command("rebuild"))


async def _cool(board: BesideBoard) -> None:
    services = board.services
    await sync_tallies(services)
    shards = services.settings.vote_shards
    await cooling.cool_enough(services.redis, services.db, services.functions, shards=shards, idle=IDLE)


@asynccontextmanager
async def cool(board: BesideBoard) -> AsyncIterator[Work]:
    await board.command("rebuild")
    yield once(lambda: _cool(board))


@asynccontextmanager
async def sync(board: BesideBoard) -> AsyncIterator[Work]:
    await _vote_on_all(board, next(_numbers))
    yield once(lambda: sync_tallies(board.services))


async def _vote_on_all(board: BesideBoard, turn: int) -> None:
    """Change one vote of one user on each project."""
    user_id = board.bench.extra_users[10_000]
    for start in range(0, len(board.bench.project_ids), VOTES_AT_ONCE):
        part = board.bench.project_ids[start : start + VOTES_AT_ONCE]
        votes = [Vote(project_id, user_id, 1 if turn % 2 else -1) for project_id in part]
        await asyncio.gather(*[cast_with_retries(board.services.batcher, vote) for vote in votes])
    await board.services.persist_events()


@asynccontextmanager
async def withdraw(board: BesideBoard) -> AsyncIterator[Work]:
    await _vote_on_all(board, next(_numbers))
    user_id = board.bench.extra_users[10_000]

    async def step() -> None:
        """Do what two runs of the worker do, each of which ends after some seconds."""
        async with board.services.db.acquire() as db, db.transaction():
            await insert_withdrawal(db, user_id, by_moderator=True)
        while await run_withdrawals(board.services):
            pass

    yield once(step)


@asynccontextmanager
async def retain(board: BesideBoard) -> AsyncIterator[Work]:
    await reconcile(board.services)  # unverified months are kept
    shorter = board.services.settings.model_copy(update={"events_retention": RETENTION})
    async with open_services(shorter, query_seconds=600) as services:

        async def step() -> None:
            if not await drop_old_partitions(services):
                raise RuntimeError("no month was dropped")

        yield once(step)


@asynccontextmanager
async def bring_in(board: BesideBoard) -> AsyncIterator[Work]:
    file = board.settings.data_dir / "projects.csv"
    lines = [
        f"Imported project {next(_numbers)} of a list,https://example.com/{next(_numbers)},"
        f"{'A few words on what it is and what it is good for. ' * 4},demo"
        for _ in range(IMPORTED)
    ]
    await asyncio.to_thread(_write, file, ["title,url,description,authors", *lines])
    yield once(lambda: board.command("projects", "import", str(file)))


def _write(file: Path, lines: list[str]) -> None:
    file.write_text("\n".join(lines) + "\n")


@asynccontextmanager
async def export(board: BesideBoard) -> AsyncIterator[Work]:
    """People with 10,000 votes take their data with them, and an admin that of a project's voters."""
    await _vote_on_all(board, next(_numbers))
    cookie = board.cookie_of(await queries.select_user(board.bench.db, f"voter-{EXTRA_USERS[0]}"))
    [project_id] = board.bench.project_ids[:1]
    turn = itertools.cycle(
        [("/me/export.json", cookie), (f"/admin/projects/{project_id}/votes.csv", board.admin)]
    )

    async def step() -> None:
        path, reader = next(turn)
        await board.ask("GET", path, cookie=reader)

    yield again(step)


ACTIVITIES = (
    Activity("exports", export),
    command("upvote verify", "verify"),
    command("upvote reconcile", "reconcile"),
    Activity("upvote backup", backup),
    Activity("cooling of idle projects", cool),
    Activity("upvote rebuild", rebuild),
    Activity("sync of 10,000 tallies", sync),
    Activity("withdrawal of 10,000 votes", withdraw),
    Activity("import of 1,000 projects", bring_in),
    Activity("retention: old months dropped", retain),
)
