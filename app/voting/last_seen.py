"""What this process last saw of Redis, so that it notices when Redis has lost some of it."""

from typing import NamedTuple

from app.voting.events import EntryId, parse_entry_id


class LastEvent(NamedTuple):
    """An acknowledged event: its entry in the stream, its project and its version."""

    entry: EntryId
    project_id: int
    version: int


NO_EVENT = LastEvent((0, 0), 0, 0)


class LastSeen:
    """Keeps for each shard the comparison under which Redis last answered, and the last event of that
    epoch that was acknowledged to this process.

    A comparison is "EPOCH NONCE", as votes.lua returns it. The same epoch with another nonce means that
    Redis may have restarted, and lost acknowledged events that were not persisted.
    """

    def __init__(self) -> None:
        self._comparisons: dict[int, bytes] = {}
        self._events: dict[int, LastEvent] = {}

    def see(self, shard: int, epoch: str, nonce: str) -> None:
        """Remember a comparison of the shard that has succeeded."""
        self._see(shard, f"{epoch} {nonce}".encode())

    def was_compared_since(self, shard: int, comparison: bytes) -> bool:
        """Return whether the shard was compared since it acknowledged an event of this epoch to us.

        Redis has restarted then, and another process compared it, which cannot know of that event.
        """
        known = self._comparisons.get(shard, comparison)
        return known != comparison and _epoch(known) == _epoch(comparison) and shard in self._events

    def record(self, shard: int, comparison: bytes, event: bytes) -> None:
        """Remember a batch's comparison and its last event ("ID PROJECT VERSION", b"" for none)."""
        if self._comparisons.get(shard) != comparison:
            self._see(shard, comparison)
        if event:
            entry, project_id, version = event.split()
            last = LastEvent(parse_entry_id(entry), int(project_id), int(version))
            self._events[shard] = max(last, self._events.get(shard, NO_EVENT))

    def last_event(self, shard: int, epoch: str | None) -> LastEvent:
        """Return the last event of this epoch that was acknowledged to us, or NO_EVENT."""
        known = self._comparisons.get(shard)
        if known is None or epoch is None or _epoch(known) != epoch.encode():
            return NO_EVENT
        return self._events.get(shard, NO_EVENT)

    def _see(self, shard: int, comparison: bytes) -> None:
        known = self._comparisons.get(shard)
        if known is not None and _epoch(known) != _epoch(comparison):
            self._events.pop(shard, None)
        self._comparisons[shard] = comparison


def _epoch(comparison: bytes) -> bytes:
    return comparison.partition(b" ")[0]
