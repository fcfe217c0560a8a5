"""Move the times of votes that Redis recorded, so that no test waits for a window to pass."""

HOUR = 3_600_000  # ms


async def recorded(redis, key: str) -> list[int]:
    """Return when the votes that the key counts were accepted, in ms, oldest first."""
    return [int(time) for time in (await redis.get(key) or b"").split(b",") if time]


async def make_older(redis, key: str, ms: int) -> None:
    """Make the votes that the key counts older by so many ms."""
    times = [time - ms for time in await recorded(redis, key)]
    await redis.set(key, "".join(f"{time:013d}," for time in times), px=HOUR)


async def keep_in_window(redis, key: str) -> None:
    """Keep the votes that the key counts in their window, however long the test takes.

    Their times become an hour ahead of the clock; the next vote counts them as cast at its own time.
    """
    await make_older(redis, key, -HOUR)


async def now(redis) -> int:
    """Return the time of Redis in ms."""
    seconds, microseconds = await redis.time()
    return seconds * 1000 + microseconds // 1000
