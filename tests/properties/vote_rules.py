"""Votes and page views of the stories."""

import asyncio

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from app.voting.votes import Status, Vote, VoteResult
from tests.properties.processes import Processes

USERS, PROJECTS = st.integers(0, 3), st.integers(0, 2)
PROCESSES = st.integers(0, 1)
VALUES = st.sampled_from((1, 0, -1))


class VoteRules(Processes):
    """Cast votes and compare each answer, and each page, with the model."""

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
        """Cast at once, over both processes in turn, with no two votes of one user on one project."""
        self._cast_at_once([Vote(self.projects[p], self.users[u], v) for p, u, v in pairs], process)

    def _cast_at_once(self, votes: list[Vote], process: int) -> None:
        batchers = [self.processes[(process + n) % 2].batcher for n in range(len(votes))]

        async def cast() -> list[VoteResult]:
            return await asyncio.gather(*[b.cast(v) for b, v in zip(batchers, votes, strict=True)])

        answers = self.do(cast())
        # Ordered by version; a vote that changed nothing came after the change of the same version.
        answered = [
            (a.tally.version, self._changes_nothing(v), v, a)
            for v, a in zip(votes, answers, strict=True)
        ]
        for _, _, vote, answer in sorted(answered):
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
        if changes and project_id in self.model.lost:
            assert answer.tally.version > self.model.acknowledged[project_id]
        elif changes:
            assert answer.tally.version == self.model.acknowledged[project_id] + 1
        elif alone:
            assert answer.tally.version >= self.model.acknowledged[project_id]
        self.model.accept(*vote, answer.tally.version)
        if alone:
            assert answer.tally[:2] == self.model.counts(project_id)

    @rule(process=PROCESSES, user=USERS)
    def read_page(self, process: int, user: int) -> None:
        """A page shows what was acknowledged."""
        functions, user_id = self.processes[process].functions, self.users[user]
        for project_id, state in self.do(functions.read(self.projects, user_id)).items():
            assert state.value == self.model.value(project_id, user_id)
            assert state.tally[:2] == self.model.counts(project_id)
            assert state.tally.version >= self.model.acknowledged[project_id]
