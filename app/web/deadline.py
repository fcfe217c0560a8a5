"""One time limit for each request, however many servers it has to wait for."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from quart import Quart, Request, request
from quart.wrappers.request import Body

from app.errors import TookTooLong
from app.storage.timeouts import REQUEST_SECONDS, within
from app.voting.arrivals import arrivals


class ArrivingBody(Body):
    """A request's body that says whether all of it has arrived."""

    arrived = False

    def set_complete(self) -> None:
        self.arrived = True
        super().set_complete()


def install_deadline(app: Quart) -> None:
    """Let a request fail with TookTooLong when it takes longer than REQUEST_SECONDS.

    The time in which the client still sends does not count, nor does the time in which it reads, nor
    that of `elsewhere`, as far as it keeps it.
    """
    request_class: type[Request] = app.request_class
    request_class.body_class = ArrivingBody
    request_class.kept_seconds = 0.0  # type: ignore[attr-defined]
    request_class.time_limit = None  # type: ignore[attr-defined]
    dispatch = app.dispatch_request

    async def dispatch_in_time(request_context: Any = None) -> Any:
        request_context.request.arrived = arrivals.earliest()
        asked: Any = request_context.request

        def kept() -> float:
            return float(asked.kept_seconds if asked.body.arrived else REQUEST_SECONDS)

        async with in_time(kept) as asked.time_limit:
            return await dispatch(request_context)

    app.dispatch_request = dispatch_in_time  # type: ignore[method-assign]


@contextmanager
def elsewhere(kept: float = REQUEST_SECONDS) -> Iterator[None]:
    """Keep so much of this request's time (s) while it waits for another site, with a time limit of its
    own, or for work of this process that a busy machine makes slow and that would be done in vain.
    """
    request.kept_seconds = kept  # type: ignore[attr-defined]
    try:
        yield
    finally:
        request.kept_seconds = 0.0  # type: ignore[attr-defined]


def seconds_left() -> float:
    """Return how much is left (s) of this request's time. Delays of this process hardly count."""
    limit: within | None = request.time_limit  # type: ignore[attr-defined]
    return REQUEST_SECONDS if limit is None else limit.left


def arrived() -> float:
    """Return when the head of this request arrived, at the earliest (of time.monotonic())."""
    moment: float = request.arrived  # type: ignore[attr-defined]
    return moment


@asynccontextmanager
async def in_time(kept: Callable[[], float] = lambda: 0.0) -> AsyncIterator[within]:
    """Raise TookTooLong after REQUEST_SECONDS, but keep of them what `kept` returns (s)."""
    limit = within(REQUEST_SECONDS, kept)
    try:
        async with limit:
            yield limit
    except TimeoutError as error:
        if limit.expired:
            raise TookTooLong from error
        raise
