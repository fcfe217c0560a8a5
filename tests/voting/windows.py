"""The windows of the limits. No test waits one out: it moves the times that Redis has recorded."""

HOUR = 3_600_000  # ms


async def recorded(redis, key: str) -> list[int]:
    """When the votes were accepted that the key counts: ms, the oldest first (votes.lua)."""
    return [int(time) for time in (await redis.get(key) or b"").split(b",") if time]


async def age(redis, key: str, ms: int) -> None:
    """As if the votes that the key counts had been accepted so much earlier."""
    times = [time - ms for time in await recorded(redis, key)]
    await redis.set(key, "".join(f"{time:013d}," for time in times), px=HOUR)


async def hold(redis, key: str) -> None:
    """The votes that the key counts stay in their window, however long the test takes.

    They lie an hour ahead of the clock, and such votes count as if they were now.
    """
    await age(redis, key, -HOUR)


async def now(redis) -> int:
    """The clock that windows are measured with, in ms."""
    seconds, microseconds = await redis.time()
    return seconds * 1000 + microseconds // 1000
