"""Redis emptied and restored in the stories."""

from hypothesis.stateful import (
    precondition,
    rule,
)

from tests.properties.model import Change
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
        self._copied_changes = {project: list(all) for project, all in self.model.changes.items()}
        self._copied_limits = self.model.accepted.copy(), self.model.accounts.copy()

    @precondition(lambda self: hasattr(self, "_copy"))
    @rule()
    def restore(self) -> None:
        """Restore that backup if PostgreSQL has newer events; Redis then counts as not compared.

        What waited in it has to be persisted since: changes that were lost meanwhile would come back,
        which the model does not know (tests/voting/test_two_redis.py does).
        """
        if self._copied_at >= self._checkpoint() or not self._are_persisted(self._copied_changes):
            return

        async def replace() -> None:
            # At once, as by another server: what runs beside this would write a key in between.
            pipeline = self.redis.pipeline(transaction=True)
            pipeline.flushall()
            pipeline.execute_command("FUNCTION", "FLUSH")
            for name, (value, ttl) in self._copy.items():
                pipeline.restore(name, ttl, value)
            await pipeline.execute()

        self.do(replace())
        self.model.lose_redis()
        self.model.accepted, self.model.accounts = (c.copy() for c in self._copied_limits)

    def _are_persisted(self, copied: dict[int, list[Change]]) -> bool:
        model = self.model
        persisted = {project: all[: model.persisted[project]] for project, all in model.changes.items()}
        return all(changes == persisted[project][: len(changes)] for project, changes in copied.items())
