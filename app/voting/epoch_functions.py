"""The calls of epochs.lua that say which epoch of a shard the vote functions may work on."""

import secrets
from collections.abc import Sequence

from app.voting import keys
from app.voting.events import EntryId, format_entry_id
from app.voting.function_caller import FunctionCaller
from app.voting.last_seen import LastSeen
from app.voting.origin import Origin
from app.voting.queries import Checkpoint


class EpochFunctions:
    """Each method raises VotesUnavailable when Redis does not answer."""

    def __init__(self, caller: FunctionCaller) -> None:
        self._caller = caller
        self.last_seen = LastSeen()

    async def resume(self, shard: int, epoch: str, server: str, board: str) -> bool:
        """Let the functions work on this epoch; False if Redis holds another one."""
        names = [keys.epoch(shard), keys.origin(shard)]
        arguments = [epoch, secrets.token_hex(4), server, board]
        nonce = await self._caller.call("resume_epoch", names, arguments)
        if nonce:
            self.last_seen.see(shard, epoch, nonce.decode())
        return bool(nonce)

    async def begin(
        self, shard: int, origin: Origin, last: EntryId, checkpoint: Checkpoint, before: Sequence[str]
    ) -> bool:
        """Begin the checkpoint's epoch, in which every project is cold; new events come after `last`.

        Returns False if another process was faster, so Redis no longer holds the epoch of `origin`, or
        if it has a later entry than `last`.
        """
        account_shard = await self._caller.account_shard(shard)
        names = [
            keys.epoch(shard),
            keys.events(shard),
            keys.changed(shard),
            keys.origin(shard),
            keys.counts(account_shard),
            keys.claims(account_shard),
        ]
        epoch, nonce = checkpoint.epoch or "", secrets.token_hex(4)
        ours = [origin.server, checkpoint.board, format_entry_id(checkpoint.entry), " ".join(before)]
        arguments = [epoch, nonce, origin.epoch or "", *last, *ours]
        begun = await self._caller.call("begin_epoch", names, arguments)
        if begun:
            self.last_seen.see(shard, epoch, nonce)
        return bool(begun)

    async def suspend(self, shard: int) -> None:
        """Let nobody vote in the shard until an epoch is resumed or begun."""
        await self._caller.call("suspend_epoch", [keys.epoch(shard)], [])
