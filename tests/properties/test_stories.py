"""Votes, persists, crashes, syncs, cooling and an emptied Redis, in any order, against a model."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import asyncpg
import hypothesis
import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.services import Services, open_services
from app.settings import Settings
from app.storage.migrate import migrate
from app.voting import keys, queries
from app.voting.events import last_entry
from app.voting.persist import ForeignRedis, persist_batch, persist_events
from app.voting.votes import Status, Vote, VoteResult
from tests.properties.model import Change, Model
from tests.servers import start_valkey
from tests.support import Board
from tests.voting.killed_persist import STEPS
from tests.waiting import CEILING
from workers.sync_tallies import sync_tallies

RULES = 30
USERS, PROJECTS = st.integers(0, 3), st.integers(0, 2)
VALUES = st.sampled_from((1, 0, -1))
PROCESSES = st.integers(0, 1)
# An hour: no window passes while an example runs.
LIMITED = {"rate_limit_max": 3, "account_limit_max": 6}
FREE = {"rate_limit_max": 0, "account_limit_max": 0}
WINDOWS = {"rate_limit_window": 3600, "account_limit_window": 3600}


class Crash(BaseException):
    """The process dies here."""


@dataclass(frozen=True)
class House:
    """A database and a Valkey of its own, and a loop to work with them."""

    settings: Settings
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(work, CEILING))


@pytest.fixture(scope="module")
def house(settings, postgres, tmp_path_factory) -> Iterator[House]:
    url = postgres.url.replace("/upvote?", "/properties?")
    loop = asyncio.new_event_loop()
    with start_valkey(tmp_path_factory.mktemp("properties")) as valkey:
        own = settings.model_copy(update={**WINDOWS, "database_url": url, "redis_url": valkey.url})
        migrate(own)
        yield House(own, loop)
    loop.run_until_complete(_drop_database(postgres.url))
    loop.close()


async def _drop_database(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("DROP DATABASE properties WITH (FORCE)")
    await connection.close()


@pytest.mark.parametrize("examples", [20, pytest.param(400, marks=pytest.mark.long)])
def test_every_story_of_votes_agrees_with_the_model(house, examples):
    bounds = hypothesis.settings(
        max_examples=examples,
        stateful_step_count=RULES,
        deadline=None,
        # Not made shorter when it fails: with real servers that would take minutes.
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(lambda: Voting(house), settings=bounds)


class Voting(RuleBasedStateMachine):
    """Two processes with connections of their own; four users, three projects, fresh each time."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.do = house.do
        self.house = house

    @initialize(limited=st.booleans())
    def open(self, limited: bool) -> None:
        limits = LIMITED if limited else FREE
        settings = self.house.settings.model_copy(update=limits)
        self._contexts = [open_services(settings, query_seconds=CEILING) for _ in range(2)]
        self.processes: list[Services] = [self.do(c.__aenter__()) for c in self._contexts]
        self.redis, self.db = self.processes[0].redis, self.processes[0].db
        self.do(self.redis.flushall())  # whatever the last story left
        self.do(self.processes[0].functions.ping())
        board = Board(self.db)
        self.users = [user.id for user in self.do(board.users(4))]
        author = self.do(board.user())
        self.projects = [self.do(board.project(author)) for _ in range(3)]
        self.model = Model(tuple(limits.values()), {project: [] for project in self.projects})

    def teardown(self) -> None:
        for context in getattr(self, "_contexts", []):
            self.do(context.__aexit__(None, None, None))

    # Votes

    @rule(project=PROJECTS, user=USERS, value=VALUES, process=PROCESSES)
    def cast(self, project: int, user: int, value: int, process: int) -> None:
        self._last = Vote(self.projects[project], self.users[user], value)
        self._cast_at_once([self._last], process)

    @precondition(lambda self: hasattr(self, "_last"))
    @rule(process=PROCESSES)
    def repeat(self, process: int) -> None:
        self._cast_at_once([self._last], process)

    @rule(
        pairs=st.lists(st.tuples(PROJECTS, USERS, VALUES), max_size=12, unique_by=lambda t: t[:2]),
        process=PROCESSES,
    )
    def cast_many(self, pairs: list[tuple[int, int, int]], process: int) -> None:
        """At once, over both processes in turn; none of them meets another's user and project."""
        self._cast_at_once([Vote(self.projects[p], self.users[u], v) for p, u, v in pairs], process)

    def _cast_at_once(self, votes: list[Vote], process: int) -> None:
        desks = [self.processes[(process + n) % 2].batcher for n in range(len(votes))]

        async def cast() -> list[VoteResult]:
            return await asyncio.gather(*[d.cast(v) for d, v in zip(desks, votes, strict=True)])

        answers = self.do(cast())
        # In the order of their versions; what changed nothing came after the change of its version.
        told = [
            (a.tally.version, self._changes_nothing(v), v, a)
            for v, a in zip(votes, answers, strict=True)
        ]
        for _, _, vote, answer in sorted(told):
            self._compare(vote, answer, alone=len(votes) == 1)

    def _changes_nothing(self, vote: Vote) -> bool:
        return vote.value == self.model.value(vote.project_id, vote.user_id)

    def _compare(self, vote: Vote, answer: VoteResult, alone: bool) -> None:
        project_id, user_id, value = vote
        changes = not self._changes_nothing(vote)
        limited = any(self.model.limits)
        if alone or not limited:
            refused = self.model.refuses(*vote)
            assert (answer.status is not Status.ACCEPTED) == refused
        if answer.status is not Status.ACCEPTED:
            assert answer.value == self.model.value(project_id, user_id)
            assert answer.wait_ms > 0
            return
        assert answer.value == value
        if changes and project_id in self.model.forgot:
            assert answer.tally.version > self.model.told[project_id]
        elif changes:
            assert answer.tally.version == self.model.told[project_id] + 1
        elif alone:
            assert answer.tally.version >= self.model.told[project_id]
        self.model.accept(*vote, answer.tally.version)
        if alone:
            assert answer.tally[:2] == self.model.counts(project_id)

    @rule(process=PROCESSES, user=USERS)
    def look(self, process: int, user: int) -> None:
        """A page shows what was told."""
        functions, user_id = self.processes[process].functions, self.users[user]
        for project_id, standing in self.do(functions.read(self.projects, user_id)).items():
            assert standing.value == self.model.value(project_id, user_id)
            assert standing.tally[:2] == self.model.counts(project_id)
            assert standing.tally.version >= self.model.told[project_id]

    # The worker

    @rule(most=st.integers(1, 10), workers=st.integers(1, 3))
    def persist(self, most: int, workers: int) -> None:
        """A batch each, at once."""

        async def work() -> int:
            batches = [persist_batch(self.redis, self.db, 0, most) for _ in range(workers)]
            return sum(await asyncio.gather(*batches))

        self._check_persisted(work)

    @rule()
    def persist_all(self) -> None:
        """And once more, which finds nothing."""
        self._check_persisted(lambda: persist_events(self.redis, self.db, 0))
        assert self.do(persist_events(self.redis, self.db, 0)) == 0

    @rule(step=st.sampled_from(list(STEPS)), most=st.integers(1, 10))
    def persist_and_crash(self, step: str, most: int) -> None:
        """Before the step; those before the trim take their transaction back with them."""
        before = self._persisted()
        with patch.object(STEPS[step], step, _die):
            try:
                self.do(persist_batch(self.redis, self.db, 0, most))
            except ForeignRedis:  # Redis is empty, and nobody has compared it since
                assert self._persisted() == before
            except Crash:
                if step != "trim_events":
                    assert self._persisted() == before
        self.model.persisted = self._persisted()

    def _check_persisted(self, work) -> None:
        self.do(self.processes[0].functions.ping())  # after Redis was emptied: compares
        before = self.model.waiting()
        count = self.do(work())
        self.model.persisted = self._persisted()
        assert before - self.model.waiting() == count

    def _persisted(self):
        return type(self.model.persisted)(
            {project: len(events) for project, events in self._events().items()}
        )

    def _events(self) -> dict[int, list[Change]]:
        rows = self.do(
            self.db.fetch(
                "SELECT * FROM vote_events WHERE project_id = ANY ($1) ORDER BY project_id, version",
                self.projects,
            )
        )
        events = defaultdict(list)
        for row in rows:
            events[row["project_id"]].append(
                Change(row["user_id"], row["old_value"], row["new_value"], row["version"])
            )
        return events

    @rule(process=PROCESSES)
    def sync(self, process: int) -> None:
        self.do(self.processes[process].functions.ping())  # after Redis was emptied: compares
        self.do(sync_tallies(self.processes[process]))
        self.model.unsynced.clear()
        assert not self.do(self.redis.exists(keys.changed(0)))
        for project_id in self.projects:
            *counts, version = self.do(self._synced(project_id))
            assert tuple(counts) == self.model.counts(project_id)
            if project_id not in self.model.forgot:
                assert version == self.model.told[project_id]

    async def _synced(self, project_id: int) -> asyncpg.Record:
        return await self.db.fetchrow(
            "SELECT upvotes, downvotes, vote_version FROM projects WHERE id = $1", project_id
        )

    @rule()
    def sync_and_crash_before_settling(self) -> None:
        crash = patch.object(type(self.processes[0].functions), "settle", _die)
        with crash, contextlib.suppress(Crash):
            self.do(sync_tallies(self.processes[0]))

    @rule()
    def cool(self) -> None:
        """Projects go cold only when PostgreSQL has all of them."""
        heads = self.do(queries.select_heads(self.db, self.projects))
        for project_id in self.projects:
            head = heads.get(project_id, 0)
            hot = self.do(self.redis.exists(keys.tally(0, project_id)))
            cooled = self.do(self.processes[0].functions.cool(project_id, head, 0))
            waits = len(self.model.changes[project_id]) > self.model.persisted[project_id]
            if cooled:
                assert hot
                assert not waits
                assert project_id not in self.model.unsynced
            elif project_id not in self.model.forgot and head == self.model.told[project_id]:
                assert not hot or waits or project_id in self.model.unsynced

    # Redis

    @rule()
    def forget_everything(self) -> None:
        """FLUSHALL."""
        self.do(self.redis.flushall())
        self.model.clear()

    @rule()
    def copy(self) -> None:
        """A backup of Redis."""

        async def dump() -> dict[bytes, tuple[bytes, int]]:
            names = await self.redis.keys()
            return {n: (await self.redis.dump(n), max(await self.redis.pttl(n), 0)) for n in names}

        self._copy = self.do(dump())
        self._copied_at = self._last_entry()
        self._copied_limits = self.model.accepted.copy(), self.model.accounts.copy()

    @precondition(lambda self: hasattr(self, "_copy"))
    @rule()
    def restore(self) -> None:
        """Redis comes back as that backup, if PostgreSQL has more; it remembers no admission."""
        if self._copied_at >= self._checkpoint():
            return

        async def replace() -> None:
            await self.redis.flushall()
            await self.redis.execute_command("FUNCTION", "FLUSH")
            for name, (value, ttl) in self._copy.items():
                await self.redis.restore(name, ttl, value)

        self.do(replace())
        self.model.clear()
        self.model.accepted, self.model.accounts = (c.copy() for c in self._copied_limits)

    def _last_entry(self) -> tuple[int, int]:
        return self.do(last_entry(self.redis, 0))

    def _checkpoint(self) -> tuple[int, int]:
        row = self.do(self.db.fetchrow("SELECT last_ms, last_seq FROM stream_checkpoints"))
        return tuple(row) if row else (0, 0)

    # What holds after each step

    @invariant()
    def redis_tallies_count_its_votes(self) -> None:
        """Of every project that is hot: what an earlier epoch has left behind is cold."""
        if not hasattr(self, "model"):
            return
        epoch = self.do(self.redis.get(keys.epoch(0)))
        for project_id in [] if self._copy_is_back() else self.projects:
            tally = self.do(self.redis.hgetall(keys.tally(0, project_id)))
            votes = self.do(self.redis.hgetall(keys.votes(0, project_id)))
            if tally and tally[b"epoch"] == epoch:
                live = {int(user): int(value) for user, value in votes.items()}
                assert live == self.model.standing(self.model.changes[project_id])
                assert (int(tally[b"up"]), int(tally[b"down"])) == self.model.counts(project_id)

    def _copy_is_back(self) -> bool:
        """Redis has been restored, and nobody has needed it since."""
        return self._last_entry() < self._checkpoint()

    @invariant()
    def what_is_persisted_is_a_prefix_of_what_was_told(self) -> None:
        if not hasattr(self, "model"):
            return
        for project_id, events in self._events().items():
            assert events == self.model.changes[project_id][: len(events)]
            votes = self.do(Board(self.db).votes(project_id))
            assert votes == self.model.standing(events)


async def _die(*_: Any, **__: Any) -> None:
    raise Crash
