"""What asyncio reports because nobody waits for it is logged as one line, with the right weight."""

import asyncio
import gc

import structlog
from structlog.testing import capture_logs

from app.logs import log_loop_errors
from tests.waiting import until


async def leave(error: Exception) -> list[dict]:
    """Leave a failed future behind; return what is logged about it."""
    loop = asyncio.get_running_loop()
    log_loop_errors(loop)
    try:
        with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
            loop.create_future().set_exception(error)
            gc.collect()
            await until(lambda: logged)
            return logged
    finally:
        loop.set_exception_handler(None)


async def test_an_exception_that_nobody_waits_for_is_logged_with_its_traceback():
    [line] = await leave(KeyError("broken"))
    assert (line["log_level"], line["event"]) == ("error", "Future exception was never retrieved")
    assert isinstance(line["exc_info"], KeyError)


async def test_a_connection_that_ended_before_it_was_used_is_no_error():
    [line] = await leave(ConnectionError("unexpected connection_lost() call"))
    assert (line["log_level"], "exc_info" in line) == ("warning", False)
