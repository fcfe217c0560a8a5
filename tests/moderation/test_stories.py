"""Random moderation and account actions among votes: all numbers agree after each of a hundred."""

import contextlib
from collections import defaultdict
from unittest.mock import patch

import hypothesis
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st

from app.accounts import withdrawals
from app.accounts.queries import select_account
from app.accounts.settings.delete_account import delete
from app.accounts.state import AccountsState
from app.errors import UnknownProject, VotesUnavailable
from app.moderation import actions
from app.operations.verify.verify import verify
from app.voting import queries
from app.voting.closing import publish_all_closed
from app.voting.persist import persist_events
from app.voting.votes import Status, Vote
from tests.operations.verify.conftest import own_board  # noqa: F401  (a board that nobody else uses)
from workers.sync_tallies import sync_tallies

PROJECTS, USERS = 5, 6
ACTIONS = 100  # moderation and account actions per story; each follows a random number of votes
MODERATE = ("hide", "restore", "lock", "unlock")
STEPS = st.tuples(
    st.sampled_from(
        (*MODERATE * 2, "lock while Redis is away", "suspend", "unsuspend", "withdraw", "leave")
    ),
    st.integers(0, PROJECTS - 1),
    st.integers(0, USERS - 1),
    st.lists(  # votes: project, user, value
        st.tuples(
            st.integers(0, PROJECTS - 1), st.integers(0, USERS - 1), st.sampled_from((1, 1, 0, -1))
        ),
        max_size=6,
    ),
    st.sampled_from(("", "", "persist", "sync", "cool", "flush")),  # what happens in between
)
STORY = st.lists(STEPS, min_size=ACTIONS, max_size=ACTIONS)
BOUNDS = hypothesis.settings(
    deadline=None,
    # A failing story is not shrunk: with real servers that would take minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(hypothesis.HealthCheck),
)


@hypothesis.settings(BOUNDS, max_examples=2, derandomize=True)
@given(story=STORY)
async def test_the_numbers_agree_after_each_action(own_board, story):  # noqa: F811
    await run_story(own_board, story)


@pytest.mark.long
@hypothesis.settings(BOUNDS, max_examples=30)
@given(story=STORY)
async def test_the_numbers_agree_after_each_action_of_many_stories(own_board, story):  # noqa: F811
    await run_story(own_board, story)


async def run_story(own_board, story) -> None:  # noqa: F811
    without_waits = (
        patch.object(withdrawals, "GRACE_SECONDS", -1),
        patch("app.operations.verify.verify.RECHECK_WAITS", (0.0, 0.0)),
    )
    with contextlib.ExitStack() as stack:
        for each in without_waits:
            stack.enter_context(each)
        model = BoardModel(own_board)
        await model.begin()
        for action, project, user, votes, meanwhile in story:
            for voted, voter, value in votes:
                await model.cast(voted, voter, value)
            await model.happen(meanwhile)
            await model.act(action, project, user)
            await model.check()


class BoardModel:
    """A few projects and users with their expected votes."""

    def __init__(self, own_board) -> None:  # noqa: F811
        self.services, self.board = own_board.services, own_board.board
        self.accounts = AccountsState(own_board.services)
        self.votes: dict[int, dict[int, int]] = defaultdict(dict)
        self.hidden: set[int] = set()
        self.locked: set[int] = set()
        self.suspended: set[int] = set()

    async def begin(self) -> None:
        self.admin = (await self.board.user()).id
        self.users = [(await self.board.user()).id for _ in range(USERS)]
        self.projects = [await self.board.project() for _ in range(PROJECTS)]

    async def cast(self, project: int, user: int, value: int) -> None:
        vote = Vote(self.projects[project], self.users[user], value)
        if vote.user_id in self.suspended:  # has no session
            return
        try:
            answer = await self.services.batcher.cast(vote)
        except UnknownProject:
            assert vote.project_id in self.hidden
            return
        assert vote.project_id not in self.hidden
        assert (answer.status is Status.LOCKED) == (vote.project_id in self.locked)
        if answer.status is Status.ACCEPTED:
            self.votes[vote.project_id][vote.user_id] = value
        assert answer.value == self.votes[vote.project_id].get(vote.user_id, 0)

    async def happen(self, meanwhile: str) -> None:
        services = self.services
        await services.functions.ping()  # notices a new Redis
        if meanwhile:  # a flush would lose events that are not persisted
            await persist_events(services.redis, services.db, 0)
        if meanwhile in ("sync", "cool"):
            await sync_tallies(services)
        if meanwhile == "cool":
            heads = await queries.select_heads(services.db, self.projects)
            for project_id in self.projects:
                await services.functions.cool(project_id, heads.get(project_id, 0), 0)
        if meanwhile == "flush":
            await services.redis.flushall()
            await services.functions.ping()

    async def act(self, action: str, project: int, user: int) -> None:
        project_id, user_id = self.projects[project], self.users[user]
        if action in MODERATE:
            await self._moderate(action, project_id)
        elif action == "lock while Redis is away":
            with patch.object(self.services.functions.closing, "close", side_effect=VotesUnavailable):
                await self._moderate("lock", project_id)
            await publish_all_closed(self.services.db, self.services.functions)
        elif action == "leave":
            await self._leave(user)
        else:
            await getattr(self, f"_{action}")(user_id)

    async def _moderate(self, action: str, project_id: int) -> None:
        state = self.hidden if action in ("hide", "restore") else self.locked
        done = await actions.moderate_project(self.services, self.admin, action, project_id, "why")
        before = project_id in state
        (state.add if action in ("hide", "lock") else state.discard)(project_id)
        assert done == (before != (project_id in state))

    async def _suspend(self, user_id: int) -> None:
        done = await actions.suspend(self.services, self.accounts, self.admin, user_id, "why")
        assert done == (user_id not in self.suspended)
        assert self.accounts.revocations.is_over(user_id, 0)
        self.suspended.add(user_id)

    async def _unsuspend(self, user_id: int) -> None:
        done = await actions.unsuspend(self.services, self.admin, user_id, "why")
        assert done == (user_id in self.suspended)
        self.suspended.discard(user_id)

    async def _withdraw(self, user_id: int) -> None:
        await self._suspend(user_id)
        await actions.request_withdrawal(self.services, self.admin, user_id, "why")
        await self._work(user_id)

    async def _leave(self, user: int) -> None:
        """Delete a user's account; a new user takes the place."""
        user_id = self.users[user]
        account = await select_account(self.services.db, user_id)
        await delete(self.services, self.accounts, account, delete_projects=True)
        await self._work(user_id)
        self.suspended.discard(user_id)
        self.users[user] = (await self.board.user()).id

    async def _work(self, user_id: int) -> None:
        for _ in range(3):  # the last one finds nothing
            await withdrawals.run_withdrawals(self.services)
        for votes in self.votes.values():
            votes.pop(user_id, None)
        left = "SELECT count(*) FROM votes WHERE user_id = $1"
        assert await self.services.db.fetchval(left, user_id) == 0

    async def check(self) -> None:
        """PostgreSQL, the stream and Redis agree, and Redis has exactly the expected votes."""
        assert (await verify(self.services, self.projects)).findings == []
        for project_id in self.projects:
            found = await self.services.functions.read_for_users([project_id], self.users)
            if project_id in found:
                expected = self.votes[project_id]
                values = {user: found[project_id][user].value for user in self.users}
                assert values == {user: expected.get(user, 0) for user in self.users}
