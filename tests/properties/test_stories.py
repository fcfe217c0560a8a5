"""Votes, persists, crashes, syncs, cooling and an emptied Redis, in any order, against a model."""

import hypothesis
import pytest
from hypothesis import Phase
from hypothesis.stateful import (
    invariant,
    run_state_machine_as_test,
)

from app.voting import keys
from tests.properties.own_board import own_board
from tests.properties.redis_rules import RedisRules
from tests.properties.vote_rules import VoteRules
from tests.properties.worker_rules import WorkerRules
from tests.support import Board

__all__ = ["own_board"]

RULES = 30


@pytest.mark.parametrize("examples", [20, pytest.param(400, marks=pytest.mark.long)])
def test_every_story_of_votes_agrees_with_the_model(own_board, examples):
    bounds = hypothesis.settings(
        max_examples=examples,
        stateful_step_count=RULES,
        deadline=None,
        # No shrinking after a failure: with real servers that would take minutes.
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(lambda: Voting(own_board), settings=bounds)


class Voting(VoteRules, WorkerRules, RedisRules):
    """All rules, and what holds after each of them."""

    @invariant()
    def redis_tallies_count_its_votes(self) -> None:
        """For every cached project; a tally of an earlier epoch counts as cold."""
        if not hasattr(self, "model"):
            return
        epoch = self.do(self.redis.get(keys.epoch(0)))
        for project_id in [] if self._copy_is_back() else self.projects:
            tally = self.do(self.redis.hgetall(keys.tally(0, project_id)))
            votes = self.do(self.redis.hgetall(keys.votes(0, project_id)))
            if tally and tally[b"epoch"] == epoch:
                live = {int(user): int(value) for user, value in votes.items()}
                assert live == self.model.votes_after(self.model.changes[project_id])
                assert (int(tally[b"up"]), int(tally[b"down"])) == self.model.counts(project_id)

    def _copy_is_back(self) -> bool:
        """Return whether Redis was restored and has not been compared with PostgreSQL since."""
        return self._last_entry() < self._checkpoint()

    @invariant()
    def persisted_events_are_a_prefix_of_the_acknowledged_ones(self) -> None:
        if not hasattr(self, "model"):
            return
        for project_id, events in self._events().items():
            assert events == self.model.changes[project_id][: len(events)]
            votes = self.do(Board(self.db).votes(project_id))
            assert votes == self.model.votes_after(events)
