"""The batcher: votes that arrive together leave together (group commit).

No timer: a shard's batch leaves as soon as the one before it is back, with all that has come in
meanwhile. Under load batches grow by themselves, and a lone vote waits for nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine

import structlog

from app.settings import Settings
from app.storage.timeouts import HYDRATION_SECONDS, within
from app.voting import keys
from app.voting.functions import VoteFunctions
from app.voting.hydration import Hydrator
from app.voting.metrics import VoteMetrics
from app.voting.votes import Answer, Status, UnknownProject, Vote, VotesUnavailable

log = structlog.get_logger()

# A call of 256 votes takes Valkey about 4 ms (16 us a vote): the longest others wait for it.
LARGEST_BATCH = 256
# Gives the vote that is to be cast in place of another, by what is known of its user.
Judge = Callable[[Vote], Awaitable[Vote]]


class PendingVote:
    """A vote at the batcher, and the one who waits for its answer."""

    __slots__ = ("arrived", "future", "vote")

    def __init__(self, vote: Vote) -> None:
        self.vote = vote
        self.future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.arrived = time.perf_counter()

    def answer(self, answer: Answer) -> None:
        if not self.future.done():  # whoever waited may be gone
            self.future.set_result(answer)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class VoteBatcher:
    """Takes votes from every request of this process."""

    def __init__(
        self,
        functions: VoteFunctions,
        hydrator: Hydrator,
        metrics: VoteMetrics,
        settings: Settings,
        judge: Judge | None = None,
    ) -> None:
        self.metrics = metrics
        self._judge = judge
        self._tells = settings.log_level == "DEBUG"
        self._queues = [
            _ShardQueue(functions, hydrator, metrics, shard) for shard in range(settings.vote_shards)
        ]

    async def cast(self, vote: Vote) -> Answer:
        """Cast one vote and give the function's answer; casting the same vote again is harmless.

        A caller that goes away does not take its vote along. Raises UnknownProject, and
        VotesUnavailable when Redis (or, for a cold project, PostgreSQL) does not answer.
        """
        if self._judge is not None:
            vote = await self._judge(vote)
        answer = await self._add(vote)
        if self._tells:
            _tell(vote, answer)
        return answer

    def post(self, vote: Vote) -> asyncio.Future[Answer]:
        """As `cast`, for the fast door, which neither awaits nor tells."""
        if self._judge is not None:
            return asyncio.ensure_future(self.cast(vote))
        return self._add(vote)

    def _add(self, vote: Vote) -> asyncio.Future[Answer]:
        return self._queues[keys.shard_of(vote.project_id, len(self._queues))].add(vote)


def _tell(vote: Vote, answer: Answer) -> None:
    """Project and version are how persist names the event that came of it."""
    log.debug(
        "vote cast",
        project=vote.project_id,
        user=vote.user_id,
        value=vote.value,
        status=answer.status.name.lower(),
        version=answer.tally.version,
    )


class _ShardQueue:
    """One shard's queue: at most one call to Redis is under way."""

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

    def add(self, vote: Vote) -> asyncio.Future[Answer]:
        vote_in_line = PendingVote(vote)
        self._waiting.append(vote_in_line)
        if not self._sending:
            self._sending = True
            self._start(self._send())
        return vote_in_line.future

    async def _send(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[:LARGEST_BATCH]
                del self._waiting[:LARGEST_BATCH]
                await self._send_batch(batch)
        finally:  # else nobody would ever be sent again
            self._sending = False

    async def _send_batch(self, batch: list[PendingVote]) -> None:
        try:
            answers = await self._functions.cast(
                self._shard, [vote_in_line.vote for vote_in_line in batch]
            )
        except Exception as error:  # whatever it is, nobody may be left waiting
            # Whoever queued behind the failed call would only wait for the same failure.
            self._fail(batch + self._waiting, error)
            self._waiting.clear()
            return
        cold: dict[int, list[PendingVote]] = {}
        for vote_in_line in self._answer(batch, answers):
            cold.setdefault(vote_in_line.vote.project_id, []).append(vote_in_line)
        for project_id, pending in cold.items():
            self._start(self._cast_cold(project_id, pending))

    async def _cast_cold(self, project_id: int, pending: list[PendingVote]) -> None:
        """Hydrate the project, then cast its votes once more, until others at it are done as well."""
        try:
            async with within(HYDRATION_SECONDS):
                while pending and await self._hydrator.hydrate(project_id):
                    answers = await self._functions.cast(
                        self._shard, [vote_in_line.vote for vote_in_line in pending]
                    )
                    pending = self._answer(pending, answers)
            self._fail(pending, UnknownProject())
        except TimeoutError:
            self._fail(pending, VotesUnavailable("the project is still being loaded"))
        except Exception as error:
            self._fail(pending, error)

    def _answer(self, pending: list[PendingVote], answers: list[Answer]) -> list[PendingVote]:
        """Gives back the pending of cold projects, which have no answer yet."""
        self._metrics.count_answers(answers, [vote_in_line.arrived for vote_in_line in pending])
        for vote_in_line, answer in zip(pending, answers, strict=True):
            if answer.status is Status.GONE:
                vote_in_line.fail(UnknownProject())
            elif answer.status is not Status.COLD:
                vote_in_line.answer(answer)
        cold = Status.COLD
        return [
            vote_in_line
            for vote_in_line, answer in zip(pending, answers, strict=True)
            if answer.status is cold
        ]

    def _fail(self, pending: list[PendingVote], error: Exception) -> None:
        if not isinstance(error, UnknownProject):
            self._metrics.count_errors(len(pending))
        for vote_in_line in pending:
            vote_in_line.fail(error)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
