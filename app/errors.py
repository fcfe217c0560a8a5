"""Exceptions that several layers raise and handle."""

# What Retry-After says (s) when a server is away, the board is busy, or it has just started.
RETRY_SECONDS = 3


class OperatorError(Exception):
    """A problem that an operator can fix.

    The message is one line: what is wrong and what to do next. Commands print it without a traceback.
    """


class VotesUnavailable(Exception):
    """Redis cannot be asked now. The vote may or may not have been counted; repeating it is safe."""

    retry_after = 2  # s


class CastTooLate(VotesUnavailable):
    """Redis got to the votes only after their time, and has cast none of them."""


class TookTooLong(Exception):
    """The request has waited for REQUEST_SECONDS, for one server or for several."""


class ChangedMeanwhile(Exception):
    """Somebody else has changed it since the form or page was made; nothing was changed by this."""


class UnknownProject(Exception):
    """The project does not exist, or it was hidden or deleted."""
