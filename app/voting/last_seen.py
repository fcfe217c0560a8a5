"""What this process remembers of Redis, to notice when Redis does not remember it any more."""

import secrets

from app.voting.events import EntryId, parse_entry_id


class LastSeen:
    """For each shard the admission that was last seen, and the last event of its epoch that was told.

    An admission is "epoch nonce". The same epoch under another nonce means that Redis has restarted;
    what it had told before may then be lost, if it had not been persisted.
    """

    def __init__(self) -> None:
        self._admissions: dict[int, bytes] = {}
        self._told: dict[int, EntryId] = {}

    def admit(self, shard: int, epoch: str) -> str:
        """A nonce to admit the shard with. The comparison before it has looked at what was told."""
        nonce = secrets.token_hex(4)
        self._see(shard, f"{epoch} {nonce}".encode())
        return nonce

    def has_restarted(self, shard: int, admission: bytes) -> bool:
        """Whether Redis has restarted since it told us something of this epoch."""
        known = self._admissions.get(shard, admission)
        return known != admission and _epoch(known) == _epoch(admission) and shard in self._told

    def note(self, shard: int, admission: bytes, event: bytes) -> None:
        """A batch is back: under this admission, with this as its last event (empty without one)."""
        if self._admissions.get(shard) != admission:
            self._see(shard, admission)
        if event:
            self._told[shard] = max(parse_entry_id(event), self._told.get(shard, (0, 0)))

    def told(self, shard: int, epoch: str | None) -> EntryId:
        """The last event of this epoch that we were told of; (0, 0) without one."""
        known = self._admissions.get(shard)
        if known is None or epoch is None or _epoch(known) != epoch.encode():
            return 0, 0
        return self._told.get(shard, (0, 0))

    def _see(self, shard: int, admission: bytes) -> None:
        known = self._admissions.get(shard)
        if known is not None and _epoch(known) != _epoch(admission):
            self._told.pop(shard, None)
        self._admissions[shard] = admission


def _epoch(admission: bytes) -> bytes:
    return admission.partition(b" ")[0]
