"""The calls of epochs.lua that say which epoch of a shard the vote functions may work on."""

import secrets

from app.voting import keys
from app.voting.events import EntryId
from app.voting.function_caller import FunctionCaller
from app.voting.last_seen import LastSeen


class EpochFunctions:
    """Each method raises VotesUnavailable when Redis does not answer."""

    def __init__(self, caller: FunctionCaller) -> None:
        self._caller = caller
        self.last_seen = LastSeen()

    async def resume(self, shard: int, epoch: str) -> bool:
        """Let the functions work on this epoch; False if Redis holds another one."""
        arguments = [epoch, secrets.token_hex(4)]
        nonce = await self._caller.call("resume_epoch", [keys.epoch(shard)], arguments)
        if nonce:
            self.last_seen.see(shard, epoch, nonce.decode())
        return bool(nonce)

    async def begin(self, shard: int, epoch: str, found: str | None, last: EntryId) -> bool:
        """Begin a new epoch, in which every project is cold; new events get ids after `last`.

        Returns False if another process was faster, so Redis no longer holds `found` (None: no epoch).
        """
        names = [keys.epoch(shard), keys.events(shard), keys.changed(shard)]
        nonce = secrets.token_hex(4)
        begun = await self._caller.call("begin_epoch", names, [epoch, nonce, found or "", *last])
        if begun:
            self.last_seen.see(shard, epoch, nonce)
        return bool(begun)

    async def suspend(self, shard: int) -> None:
        """Let nobody vote in the shard until an epoch is resumed or begun."""
        await self._caller.call("suspend_epoch", [keys.epoch(shard)], [])
