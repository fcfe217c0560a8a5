"""The hub pushes changed tallies to open pages; its cost depends on how many projects are watched.

A tick reads the tallies of all watched projects once, however many votes came in and however many
pages are open. It reads more only about projects that changed. Hidden and deleted projects
are read as if they did not exist, cold ones only for the snapshots that have to contain them.
"""

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

import structlog
from pydantic_core import to_json

from app.accounts.user import User
from app.board.board import Board
from app.errors import VotesUnavailable
from app.live.changes import Changes, add_change, run_all, user_ids_of
from app.live.cold_projects import ColdProjects, ReadStates
from app.live.shown_times import shown_times
from app.live.stream import Stream
from app.live.watched import Watched
from app.logs import line_limit
from app.voting.functions import VoteFunctions
from app.web.turns import few_at_a_time

log = structlog.get_logger()

# Twice a second: a change appears within a second, and a page changes no faster than people can read.
TICK_SECONDS = 0.5
# With many open pages, votes take precedence: a message takes about 0.15 ms, so this many a second use
# at most a twentieth of a core, until the slowest tick is reached. A change then appears within 2 s.
MESSAGES_A_SECOND = 330
SLOWEST_TICK_SECONDS = 1.5
# Votes pass after so many streams that were looked at, or woken to write.
READ_AT_ONCE, WOKEN_AT_ONCE = 50, 2
# Reading a tally takes Redis about 4 us, so each web process uses at most a fiftieth of Redis' core.
READS_A_SECOND = 5_000
# The most projects that this process watches, and those of one client among them; no others change.
MAX_WATCHED = 5_000
MAX_WATCHED_PER_CLIENT = 500
# Under load each call to Redis waits behind votes; made one after another, these waits would add up.
CALLS_AT_ONCE = 4


class TooManyStreams(Exception):
    """The client already has the maximum number of streams open."""


class Hub:
    """All live streams of this process.

    `is_over` says whether a session has ended, `sees_tallies` whether a reader may see tallies, and
    `read_cold` reads the states of cold projects from PostgreSQL.
    """

    def __init__(
        self,
        functions: VoteFunctions,
        max_per_client: int,
        is_over: Callable[[User], bool] = lambda _: False,
        board: Board | None = None,
        sees_tallies: Callable[[int | None], bool] = lambda _: True,
        read_cold: ReadStates | None = None,
    ) -> None:
        self._functions = functions
        self.tick_seconds = TICK_SECONDS
        self._board = board
        self._view: object = None  # what streams know of the board
        self._most_per_client = max_per_client
        self._is_over, self._sees_tallies = is_over, sees_tallies
        self._cold = ColdProjects(read_cold or functions.read_for_users)
        self._streams: set[Stream] = set()
        self._clients: Counter[str] = Counter()
        self._watched = Watched(MAX_WATCHED)
        self._watched_by: dict[str, Watched] = defaultdict(lambda: Watched(MAX_WATCHED_PER_CLIENT))
        self._versions: dict[int, int] = {}
        self._ticking: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def open_streams(self) -> int:
        """Return the number of open streams."""
        return len(self._streams)

    @contextlib.contextmanager
    def stream(
        self, client: str, project_ids: Iterable[int], user: User | None, *, is_full: bool = False
    ) -> Iterator[Stream]:
        """Yield a stream that is open during the block and begins with a snapshot.

        The snapshot contains the cached projects, and with `is_full` the cold ones too. Raise
        TooManyStreams if the client has `max_per_client` streams; a maximum of 0 is no limit.
        """
        if 0 < self._most_per_client <= self._clients[client]:
            raise TooManyStreams
        watched = self._watch(client, project_ids)
        is_private = self._board.is_private if self._board else lambda: False
        stream = Stream(
            watched, user, self._is_over, self._sees_tallies, is_full=is_full, is_private=is_private
        )
        if self._closed:
            stream.close()
        self._streams.add(stream)
        self._clients[client] += 1
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._tick_while_watched())
        try:
            yield stream
        finally:
            self._streams.discard(stream)
            self._watched.remove(stream.project_ids)
            self._watched_by[client].remove(stream.project_ids)
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client], self._watched_by[client]

    def _watch(self, client: str, project_ids: Iterable[int]) -> frozenset[int]:
        mine = self._watched_by[client].add(project_ids)
        accepted = self._watched.add(mine)
        self._watched_by[client].remove(mine - accepted)
        return accepted

    def sign_out(self, user: User) -> None:
        """Forget a user whose browser has signed out, in the streams of that session."""
        for stream in self._streams:
            if stream.user is not None and stream.user[:3] == user[:3]:
                stream.forget_user()

    def close(self) -> None:
        """End all streams, and any later one immediately, so that the process can stop."""
        self._closed = True
        for stream in self._streams:
            stream.close()

    async def end(self) -> None:
        """Close, and stop reading, so that the connections can be closed."""
        self.close()
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.wait([self._ticking])

    async def _tick_while_watched(self) -> None:
        while self._streams:
            messages, start = 0, time.monotonic()
            try:
                messages = await self.tick()
            except VotesUnavailable as error:
                if line_limit.is_due("live tallies"):
                    log.warning("live tallies are waiting for Redis", reason=str(error))
            except Exception:
                if line_limit.is_due("live tick"):
                    log.exception("a tick of the live tallies failed")
            await asyncio.sleep(self.pause(time.monotonic() - start, messages))
        self._versions.clear()
        self._ticking = None

    def pause(self, seconds: float, messages: int) -> float:
        """Return how many seconds the hub rests after a tick of so many seconds and messages."""
        work = max(messages / MESSAGES_A_SECOND, len(self._watched) / READS_A_SECOND)
        interval = max(self.tick_seconds, min(work, SLOWEST_TICK_SECONDS))
        return max(interval - seconds, self.tick_seconds / 5)

    async def tick(self) -> int:
        """Read all watched tallies and send each stream its changes; return how many got any."""
        watchers: dict[int, list[Stream]] = defaultdict(list)
        streams = list(self._streams)  # a stream that opens during this tick waits for the next
        await self._put_times(streams)
        async for stream in few_at_a_time(streams, READ_AT_ONCE):
            stream.check_reader()
            for project_id in stream.project_ids:
                watchers[project_id].append(stream)
        readers = {stream: stream.reader for stream in streams}
        states = await self._functions.read(watchers, visible=True)
        versions = {p: state.tally.version for p, state in states.items()}
        # All changes are collected first, so that each stream sends them in one message.
        changes: dict[Stream, Changes] = defaultdict(dict)
        slots = asyncio.Semaphore(CALLS_AT_ONCE)
        calls = []
        for project_id, version in versions.items():
            known = self._versions.get(project_id)
            outdated = [s for s in watchers[project_id] if s.is_new or version != known]
            if outdated:
                calls.append(self._collect(project_id, outdated, changes, slots))
        await run_all(calls)
        lacking = await self._cold.collect(streams, versions.keys(), changes)
        self._versions = versions
        async for stream in few_at_a_time(streams, WOKEN_AT_ONCE, counts=changes.__contains__):
            stream.check_reader()
            # If its session has ended, or secrecy has begun, the next tick is its first.
            # Where tallies are secret, a snapshot without cold projects would tell which have votes.
            if stream.reader == readers[stream] and (stream.sees or stream not in lacking):
                stream.put(changes.get(stream, {}))
                stream.is_new = False
            if stream.is_stalled():
                stream.drop()
        return len(changes)

    async def _put_times(self, streams: list[Stream]) -> None:
        """Send open pages the times of voting and whether people may vote down when these change, and
        new pages the server's clock.
        """
        if self._board is None:
            return
        changed = self._view is not None and self._view != self._board.view()
        self._view = self._board.view()
        timed = self._board.settings.vote_from or self._board.settings.vote_until
        told = [stream for stream in streams if changed or (stream.is_new and timed)]
        async for stream in few_at_a_time(told, WOKEN_AT_ONCE):
            stream.put_times(to_json(shown_times(self._board)))

    async def _collect(
        self,
        project_id: int,
        streams: list[Stream],
        changes: dict[Stream, Changes],
        slots: asyncio.Semaphore,
    ) -> None:
        """Add the project's state, with each reader's own vote, to the changes of the streams."""
        async with slots:
            found = await self._functions.read_for_users([project_id], user_ids_of(streams))
        if project_id in found:
            add_change(project_id, streams, found[project_id], changes)
