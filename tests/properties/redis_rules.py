"""Redis emptied and restored in the stories."""

from hypothesis.stateful import (
    precondition,
    rule,
)

from tests.properties.processes import Processes


class RedisRules(Processes):
    """Empty Redis, back it up and restore it."""

    @rule()
    def forget_everything(self) -> None:
        """Remove everything, as FLUSHALL does."""
        self.do(self.redis.flushall())
        self.model.lose_redis()

    @rule()
    def copy(self) -> None:
        """Back Redis up."""

        async def dump() -> dict[bytes, tuple[bytes, int]]:
            names = await self.redis.keys()
            return {n: (await self.redis.dump(n), max(await self.redis.pttl(n), 0)) for n in names}

        self._copy = self.do(dump())
        self._copied_at = self._last_entry()
        self._copied_limits = self.model.accepted.copy(), self.model.accounts.copy()

    @precondition(lambda self: hasattr(self, "_copy"))
    @rule()
    def restore(self) -> None:
        """Restore that backup if PostgreSQL has newer events; Redis then counts as not compared."""
        if self._copied_at >= self._checkpoint():
            return

        async def replace() -> None:
            await self.redis.flushall()
            await self.redis.execute_command("FUNCTION", "FLUSH")
            for name, (value, ttl) in self._copy.items():
                await self.redis.restore(name, ttl, value)

        self.do(replace())
        self.model.lose_redis()
        self.model.accepted, self.model.accounts = (c.copy() for c in self._copied_limits)
