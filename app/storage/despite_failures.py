"""Does all parts of some work, though a part fails, such as a shard whose primary is lost."""

from collections.abc import Awaitable, Callable, Iterable

import structlog

from app.storage.away import DATABASE_AWAY

log = structlog.get_logger()


async def do_all(parts: Iterable[Callable[[], Awaitable[int | None]]]) -> int:
    """Do each part and return the sum of what they return. The first error is raised at the end.

    Errors that mean that PostgreSQL is away are raised at once, since every part needs it, and so is
    the time-out of a Redis that is no Cluster.
    """
    total, first_error = 0, None
    for part in parts:
        try:
            total += await part() or 0
        except DATABASE_AWAY:
            raise
        except Exception as error:
            if first_error is not None:
                log.debug("another part failed too", reason=repr(error))
            first_error = first_error or error
    if first_error is not None:
        raise first_error
    return total
