"""Logs one line when a server goes away and one when it is back, however many calls fail meanwhile."""

import time

import structlog

from app.logs import LineLimit

log = structlog.get_logger()

# A server counts as back when a call succeeds and none has failed for this long (s): a demoted server
# still answers reads.
QUIET_SECONDS = 5.0


class Outages:
    """The servers that do not answer this process."""

    def __init__(self) -> None:
        self.away: dict[str, float] = {}  # server -> the time of its last failure; monotonic, s
        self._limit = LineLimit()  # a server that comes and goes would fill the log

    def fail(self, server: str, error: BaseException) -> None:
        """Note that a call failed because its server is away."""
        if server not in self.away and self._limit.is_due(server):
            log.warning("a server is away", server=server, reason=repr(error))
        self.away[server] = time.monotonic()

    def succeed(self, server: str) -> None:
        """Note that a call was answered. Cheap to ask before: `if outages.away`."""
        failed = self.away.get(server)
        if failed is not None and time.monotonic() - failed > QUIET_SECONDS:
            del self.away[server]
            log.info("a server is back", server=server)


outages = Outages()
