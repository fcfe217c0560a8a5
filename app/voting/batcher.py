"""The batcher: votes that arrive together go to Redis in one call (group commit).

There is no timer. A shard's next batch leaves as soon as the previous one is back, with every vote that
arrived meanwhile. Batches grow with the load, and a single vote waits for nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine

import structlog

from app.errors import CastTooLate, UnknownProject, VotesUnavailable
from app.settings import Settings
from app.storage.timeouts import HYDRATION_SECONDS, REDIS_SECONDS, VOTE_SECONDS, within
from app.voting import keys
from app.voting.arrivals import arrivals
from app.voting.functions import VoteFunctions
from app.voting.hydration import Hydrator
from app.voting.metrics import VoteMetrics
from app.voting.vote_deadlines import VoteDeadlines
from app.voting.votes import Status, Vote, VoteResult

log = structlog.get_logger()

# A call with 256 votes takes Valkey about 8 ms (31 us a vote), which is the longest that other votes
# wait for it.
MAX_BATCH = 256
# Returns None if it does not concern the vote, else the vote, marked if its user must not cast it
# (value TOO_NEW_DOWNVOTE); votes.lua refuses it.
Policy = Callable[[Vote], Awaitable[Vote] | None]


class PendingVote:
    """A vote whose result somebody waits for."""

    __slots__ = ("arrived", "deadline", "expired", "needs_count", "result", "vote")

    def __init__(self, vote: Vote, arrived: float) -> None:
        self.vote = vote
        self.result: asyncio.Future[VoteResult] = asyncio.get_running_loop().create_future()
        self.arrived = arrived  # of time.monotonic()
        self.deadline = 0  # of VoteDeadlines
        self.needs_count = False  # the user's votes in force are not known in Redis
        self.expired = False  # its caller has got VotesUnavailable, so it must not be cast any more

    def resolve(self, result: VoteResult) -> None:
        if not self.result.done():  # the caller may have gone away
            self.result.set_result(result)

    def fail(self, error: Exception) -> None:
        if not self.result.done():
            self.result.set_exception(error)


class VoteBatcher:
    """Casts the votes of every request of this process."""

    def __init__(
        self,
        functions: VoteFunctions,
        hydrator: Hydrator,
        metrics: VoteMetrics,
        settings: Settings,
        policy: Policy | None = None,
    ) -> None:
        self._policy = policy
        self._tasks: set[asyncio.Task[None]] = set()
        self._logs_votes = settings.log_level == "DEBUG"
        self._queues = [
            _ShardQueue(functions, hydrator, metrics, shard) for shard in range(settings.vote_shards)
        ]

    async def cast(self, vote: Vote, arrived: float | None = None) -> VoteResult:
        """Cast one vote and return its result; casting the same vote again is harmless.

        It came in at `arrived` (of time.monotonic()), or is being read now. A caller that is cancelled
        does not cancel its vote. Raises UnknownProject, and VotesUnavailable when Redis (or, for a cold
        project, PostgreSQL) does not answer.
        """
        result = await self.submit(vote, arrived)
        if self._logs_votes:
            _log(vote, result)
        return result

    def submit(self, vote: Vote, arrived: float | None = None) -> asyncio.Future[VoteResult]:
        """As `cast`, but returns at once."""
        pending = PendingVote(vote, arrivals.earliest() if arrived is None else arrived)
        queue = self._queues[keys.shard_of(vote.project_id, len(self._queues))]
        queue.expect(pending)
        marked = self._policy(vote) if self._policy else None
        if marked is None:
            queue.send(pending)
        else:
            task = asyncio.create_task(_send_marked(pending, queue, marked))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return pending.result


async def _send_marked(pending: PendingVote, queue: "_ShardQueue", marked: Awaitable[Vote]) -> None:
    try:
        pending.vote = await marked
    except Exception as error:  # whatever it is, the caller must not be left waiting
        pending.fail(error)
    else:
        queue.send(pending)


def _log(vote: Vote, result: VoteResult) -> None:
    """Project and version identify the event, here and in the log of the worker."""
    log.debug(
        "vote cast",
        project=vote.project_id,
        user=vote.user_id,
        value=vote.value,
        status=result.status.name.lower(),
        version=result.tally.version,
    )


class _ShardQueue:
    """One shard's votes; at most one call to Redis is running."""

    def __init__(
        self, functions: VoteFunctions, hydrator: Hydrator, metrics: VoteMetrics, shard: int
    ) -> None:
        self._functions = functions
        self._hydrator = hydrator
        self._metrics = metrics
        self._shard = shard
        self._waiting: list[PendingVote] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending = False
        self._deadlines = VoteDeadlines(self._expire, self._is_being_loaded)

    def expect(self, pending: PendingVote) -> None:
        """Let the vote's time begin; `send` follows."""
        self._deadlines.add(pending)

    def send(self, pending: PendingVote) -> None:
        self._waiting.append(pending)
        if not self._sending:
            self._sending = True
            self._start(self._send())

    async def _send(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[:MAX_BATCH]
                del self._waiting[:MAX_BATCH]
                await self._send_batch(batch)
        finally:  # otherwise no vote would ever be sent again
            self._sending = False

    async def _send_batch(self, batch: list[PendingVote]) -> None:
        try:
            batch, results = await self._cast(batch)
        except Exception as error:  # whatever it is, no caller may be left waiting
            # Votes that queued behind the failed call would only wait for the same failure.
            self._fail(batch + self._waiting, error)
            self._waiting.clear()
            return
        unknown: dict[int, list[PendingVote]] = {}
        for pending in self._resolve(batch, results):
            unknown.setdefault(pending.vote.project_id, []).append(pending)
        for project_id, votes in unknown.items():
            self._start(self._cast_again(project_id, votes))

    async def _cast(self, votes: list[PendingVote]) -> tuple[list[PendingVote], list[VoteResult]]:
        """Cast those of the votes that have time left; return them, and the result of each.

        Redis casts them before any of them expires (or just after), or not at all: a vote whose caller
        got VotesUnavailable long ago must not overwrite a later one.
        """
        while votes := self._in_time(votes):
            seconds = min(REDIS_SECONDS, self._deadlines.seconds_left(votes))
            try:
                return votes, await self._functions.cast(self._shard, [p.vote for p in votes], seconds)
            except CastTooLate:
                continue  # some may have time left, as after a stall
        return [], []

    def _in_time(self, votes: list[PendingVote]) -> list[PendingVote]:
        oldest = time.monotonic() - VOTE_SECONDS
        for pending in votes:
            if pending.arrived < oldest and not pending.expired:
                self._expire(pending, "the vote is about as old as its button waits")
        return [pending for pending in votes if not pending.expired]

    async def _cast_again(self, project_id: int, votes: list[PendingVote]) -> None:
        """Hydrate the project and cast its votes again, until Redis knows all that they depend on."""
        try:
            async with within(HYDRATION_SECONDS):
                while votes and await self._load(project_id, votes):
                    votes = self._resolve(*await self._cast(votes))
            self._fail(votes, UnknownProject())
        except TimeoutError:
            self._fail(votes, VotesUnavailable("the project is still being loaded"))
        except Exception as error:
            self._fail(votes, error)

    async def _load(self, project_id: int, votes: list[PendingVote]) -> bool:
        """Load what Redis lacks; return False if there is no such project."""
        users = {pending.vote.user_id for pending in votes if pending.needs_count}
        if users:
            await asyncio.gather(*[self._hydrator.count_votes(user_id) for user_id in users])
        if all(pending.needs_count for pending in votes):
            return True
        return await self._hydrator.hydrate(project_id)

    def _expire(self, pending: PendingVote, reason: str = "the vote has waited too long") -> None:
        self._fail([pending], VotesUnavailable(reason))
        pending.expired = True

    def _is_being_loaded(self, pending: PendingVote) -> bool:
        """Return whether the project's rows are arriving in Redis, which may take a while."""
        return self._hydrator.is_progressing(pending.vote.project_id)

    def _resolve(self, batch: list[PendingVote], results: list[VoteResult]) -> list[PendingVote]:
        """Give callers their results; return the votes that have none, as Redis lacks something."""
        unknown = []
        for pending, result in zip(batch, results, strict=True):
            if result.status in (Status.COLD, Status.NOT_COUNTED):
                pending.needs_count = result.status is Status.NOT_COUNTED
                unknown.append(pending)
            elif result.status is Status.GONE:
                pending.fail(UnknownProject())
            else:
                pending.resolve(result)
        self._metrics.count_results(results, [pending.arrived for pending in batch])
        return unknown

    def _fail(self, votes: list[PendingVote], error: Exception) -> None:
        if not isinstance(error, UnknownProject):
            self._metrics.count_errors(sum(not pending.expired for pending in votes))
        for pending in votes:
            pending.fail(error)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
