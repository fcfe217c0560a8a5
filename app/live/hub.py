"""The hub: open pages get the tallies that changed, at a cost that depends on what is watched.

A tick reads the tallies of all watched projects in one call a shard, however many votes came in and
however many pages are open; only those that changed are looked at further.
"""

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import structlog
from quart import current_app

from app.errors import VotesUnavailable
from app.live.stream import Stream, write_change
from app.voting.functions import VoteFunctions

log = structlog.get_logger()

# Twice a second: a change is seen within a second, and a page moves no faster than one can read.
TICK_SECONDS = 0.5
# Where many read, the votes come first: a message takes about 0.15 ms, so this many a second take no
# more than a twentieth of a core, until the slowest tick is reached. A change is then seen within two.
MESSAGES_A_SECOND = 330
SLOWEST_TICK_SECONDS = 1.5
# Under load an answer of Redis waits its turn behind votes: one after the other they would add up.
CALLS_AT_ONCE = 4


class TooManyStreams(Exception):
    """This client has as many streams open as it may."""


class Hub:
    """The streams of this process."""

    def __init__(self, functions: VoteFunctions, most_per_client: int) -> None:
        self._functions = functions
        self._most_per_client = most_per_client
        self._streams: set[Stream] = set()
        self._clients: Counter[str] = Counter()
        self._versions: dict[int, int] = {}
        self._ticking: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def open(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    @contextlib.contextmanager
    def stream(self, client: str, project_ids: Iterable[int], user_id: int | None) -> Iterator[Stream]:
        """A stream for as long as the block lasts; it begins with a snapshot.

        Raises TooManyStreams when the client has its share; 0 as the share means no limit.
        """
        if 0 < self._most_per_client <= self._clients[client]:
            raise TooManyStreams
        stream = Stream(frozenset(project_ids), user_id)
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
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]

    def close(self) -> None:
        """End all streams, and each later one at its beginning, so that the process can stop."""
        self._closed = True
        for stream in self._streams:
            stream.close()

    async def _tick_while_watched(self) -> None:
        while self._streams:
            told, start = 0, time.monotonic()
            try:
                told = await self.tick()
            except VotesUnavailable as error:
                log.warning("live tallies are waiting for Redis", reason=str(error))
            except Exception:
                log.exception("a tick of the live tallies failed")
            interval = max(TICK_SECONDS, min(told / MESSAGES_A_SECOND, SLOWEST_TICK_SECONDS))
            await asyncio.sleep(max(start + interval - time.monotonic(), TICK_SECONDS / 5))
        self._versions.clear()
        self._ticking = None

    async def tick(self) -> int:
        """Read what is watched and give every stream what is new to it; how many got something."""
        watchers: dict[int, list[Stream]] = defaultdict(list)
        streams = list(self._streams)  # one that opens during the tick is new to the next
        for stream in streams:
            for project_id in stream.project_ids:
                watchers[project_id].append(stream)
        states = await self._functions.read(watchers)
        versions = {p: state.tally.version for p, state in states.items()}
        # Collected first: a stream that is told bit by bit would write a message for each bit.
        news: dict[Stream, dict[int, bytes]] = defaultdict(dict)
        turns = asyncio.Semaphore(CALLS_AT_ONCE)
        calls = []
        for project_id, version in versions.items():
            known = self._versions.get(project_id)
            behind = [s for s in watchers[project_id] if s.is_new or version != known]
            if behind:
                calls.append(self._collect(project_id, behind, news, turns))
        await asyncio.gather(*calls)
        for stream, changes in news.items():
            stream.put(changes)
        self._versions = versions
        for stream in streams:
            stream.is_new = False
            if stream.is_stalled():
                stream.drop()
        return len(news)

    async def _collect(
        self,
        project_id: int,
        streams: list[Stream],
        news: dict[Stream, dict[int, bytes]],
        turns: asyncio.Semaphore,
    ) -> None:
        user_ids = list({s.user_id for s in streams if s.user_id is not None})
        async with turns:
            found = await self._functions.read_for_users([project_id], user_ids)
        if project_id not in found:
            return
        states = found[project_id]
        # One message for each of the three votes that a reader may have, however many readers there are.
        tally = states[None].tally
        changes = {value: write_change(project_id, tally, value) for value in (1, 0, -1)}
        for stream in streams:
            news[stream][project_id] = changes[states[stream.user_id].value]


def hub() -> Hub:
    """Return the hub of the app that handles this request."""
    found: Hub = current_app.extensions["upvote_hub"]
    return found
