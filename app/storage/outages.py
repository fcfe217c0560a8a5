"""Logs one line when a server goes away and one when it is back, however many calls fail meanwhile."""

import time

import structlog

log = structlog.get_logger()

# A server counts as back when a call succeeds and none has failed for this long (s): a demoted server
# still answers reads.
QUIET_SECONDS = 5.0
# The same line is repeated at most this often (s): a failure with every request would fill the log.
REPEAT_SECONDS = 60.0


class Outages:
    """The servers that do not answer this process."""

    def __init__(self) -> None:
        self.away: dict[str, float] = {}  # server -> the time of its last failure; monotonic, s
        self._logged: dict[str, float] = {}  # line -> when it was logged last

    def fail(self, server: str, error: BaseException) -> None:
        """Note that a call failed because its server is away."""
        if server not in self.away and self.is_due(server):
            log.warning("a server is away", server=server, reason=repr(error))
        self.away[server] = time.monotonic()

    def succeed(self, server: str) -> None:
        """Note that a call was answered. Cheap to ask before: `if outages.away`."""
        failed = self.away.get(server)
        if failed is not None and time.monotonic() - failed > QUIET_SECONDS:
            del self.away[server]
            log.info("a server is back", server=server)

    def is_due(self, line: str) -> bool:
        """Return True at most once in REPEAT_SECONDS for the same line."""
        now = time.monotonic()
        if now - self._logged.get(line, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return False
        self._logged[line] = now
        return True


outages = Outages()
