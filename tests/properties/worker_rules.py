"""The worker's jobs in the stories, also where they crash."""

import asyncio
import contextlib
from typing import Any
from unittest.mock import patch

import asyncpg
from hypothesis import strategies as st
from hypothesis.stateful import (
    rule,
)

from app.voting import keys, queries
from app.voting.persist import ForeignRedis, persist_batch, persist_events
from tests.properties.processes import Processes
from tests.voting.killed_persist import AFTER_COMMIT, STEPS
from workers.sync_tallies import sync_tallies

PROCESSES = st.integers(0, 1)


class Crash(BaseException):
    """The process dies here."""


class WorkerRules(Processes):
    """Persist, sync and cool, and check what PostgreSQL and Redis hold afterwards."""

    @rule(most=st.integers(1, 10), workers=st.integers(1, 3))
    def persist(self, most: int, workers: int) -> None:
        """Let some workers persist a batch each at the same time."""

        async def work() -> int:
            batches = [persist_batch(self.redis, self.db, 0, most) for _ in range(workers)]
            return sum(await asyncio.gather(*batches))

        self._check_persisted(work)

    @rule()
    def persist_all(self) -> None:
        """Persist until nothing waits; another run then finds nothing."""
        self._check_persisted(lambda: persist_events(self.redis, self.db, 0))
        assert self.do(persist_events(self.redis, self.db, 0)) == 0

    @rule(step=st.sampled_from(list(STEPS)), most=st.integers(1, 10))
    def persist_and_crash(self, step: str, most: int) -> None:
        """Crash before a step: before the trim the transaction is rolled back."""
        before = self._persisted()
        with patch.object(STEPS[step], step, _die):
            try:
                self.do(persist_batch(self.redis, self.db, 0, most))
            except ForeignRedis:  # Redis was emptied and not compared since
                assert self._persisted() == before
            except Crash:
                if step not in AFTER_COMMIT:
                    assert self._persisted() == before
        self.model.persisted = self._persisted()

    def _check_persisted(self, work) -> None:
        self.do(self.processes[0].functions.ping())  # after Redis was emptied: compares
        before = self.model.waiting()
        count = self.do(work())
        self.model.persisted = self._persisted()
        assert before - self.model.waiting() == count

    @rule(process=PROCESSES)
    def sync(self, process: int) -> None:
        self.do(self.processes[process].functions.ping())  # after Redis was emptied: compares
        self.do(sync_tallies(self.processes[process]))
        self.model.unsynced.clear()
        assert not self.do(self.redis.exists(keys.changed(0)))
        for project_id in self.projects:
            *counts, version = self.do(self._synced(project_id))
            assert tuple(counts) == self.model.counts(project_id)
            if project_id not in self.model.lost:
                assert version == self.model.acknowledged[project_id]

    async def _synced(self, project_id: int) -> asyncpg.Record:
        return await self.db.fetchrow(
            "SELECT upvotes, downvotes, vote_version FROM projects WHERE id = $1", project_id
        )

    @rule()
    def sync_and_crash_before_clearing(self) -> None:
        crash = patch.object(type(self.processes[0].functions), "clear_synced", _die)
        with crash, contextlib.suppress(Crash):
            self.do(sync_tallies(self.processes[0]))

    @rule()
    def cool(self) -> None:
        """A project leaves Redis only when PostgreSQL has all of its votes."""
        heads = self.do(queries.select_heads(self.db, self.projects))
        for project_id in self.projects:
            head = heads.get(project_id, 0)
            cached = self.do(self.redis.exists(keys.tally(0, project_id)))
            cooled = self.do(self.processes[0].functions.cool(project_id, head, 0))
            waits = len(self.model.changes[project_id]) > self.model.persisted[project_id]
            if cooled:
                assert cached
                assert not waits
                assert project_id not in self.model.unsynced
            elif project_id not in self.model.lost and head == self.model.acknowledged[project_id]:
                assert not cached or waits or project_id in self.model.unsynced


async def _die(*_: Any, **__: Any) -> None:
    raise Crash
