"""An exception that nobody awaits is logged as one line, at the right level."""

import asyncio
import gc

from structlog.testing import capture_logs

from app.logs import log_loop_errors
from tests.waiting import until


async def abandon_future(error: Exception) -> list[dict]:
    """Abandon a future that failed; return what is logged about it."""
    loop = asyncio.get_running_loop()
    log_loop_errors(loop)
    try:
        with capture_logs() as logged:
            loop.create_future().set_exception(error)
            gc.collect()
            await until(lambda: logged)
            return logged
    finally:
        loop.set_exception_handler(None)


async def test_an_exception_that_nobody_waits_for_is_logged_with_its_traceback():
    [line] = await abandon_future(KeyError("broken"))
    assert (line["log_level"], line["event"]) == ("error", "Future exception was never retrieved")
    assert isinstance(line["exc_info"], KeyError)


async def test_a_connection_that_ended_before_it_was_used_is_no_error():
    [line] = await abandon_future(ConnectionError("unexpected connection_lost() call"))
    assert (line["log_level"], "exc_info" in line) == ("warning", False)
