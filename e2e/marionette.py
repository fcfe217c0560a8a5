"""Firefox, driven by its own protocol (Marionette), since Playwright needs a Firefox of its own.

A message is "LENGTH:JSON". A command is [0, id, name, parameters], its answer [1, id, error, result].
"""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from tests.ports import free_port
from tests.waiting import CEILING, until

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
PREFERENCES = 'user_pref("marionette.port", {port});\nuser_pref("toolkit.telemetry.enabled", false);\n'
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Space": " "}


class Firefox:
    """A window of Firefox."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._sent = 0

    async def go(self, address: str) -> None:
        await self.command("WebDriver:Navigate", url=address)

    async def run(self, script: str, *args: object) -> Any:
        """Run the body of a function in the page's own scope; return its result."""
        answer = await self.command("WebDriver:ExecuteScript", script=script, args=args, sandbox=None)
        return answer["value"]

    async def press(self, *keys: str) -> None:
        """Press and release keys, one after another."""
        actions = [{"type": kind, "value": KEYS[key]} for key in keys for kind in ("keyDown", "keyUp")]
        board = {"type": "key", "id": "keyboard", "actions": actions}
        await self.command("WebDriver:PerformActions", actions=[board])

    async def command(self, name: str, **parameters: object) -> Any:
        """Send a command; return its result, or fail with its error."""
        self._sent += 1
        message = json.dumps([0, self._sent, name, parameters])
        self._writer.write(f"{len(message.encode())}:{message}".encode())
        _, number, error, result = await self.receive()
        assert (number, error) == (self._sent, None), error
        return result

    async def receive(self) -> Any:
        async with asyncio.timeout(CEILING):
            length = int((await self._reader.readuntil(b":"))[:-1])
            return json.loads(await self._reader.readexactly(length))


@asynccontextmanager
async def running_firefox() -> AsyncIterator[Firefox]:
    """Run Firefox without a screen, with a profile of its own."""
    assert FIREFOX
    port = free_port()
    with tempfile.TemporaryDirectory() as profile:
        _write_preferences(profile, port)
        process = await asyncio.create_subprocess_exec(
            FIREFOX, "--headless", "--marionette", "--no-remote", "--profile", profile
        )
        try:
            reader, writer = await until(lambda: _connect(port), "for Firefox")
            firefox = Firefox(reader, writer)
            await firefox.receive()  # its greeting
            await firefox.command("WebDriver:NewSession")
            yield firefox
            writer.close()
        finally:
            process.terminate()
            await process.wait()


def _write_preferences(profile: str, port: int) -> None:
    Path(profile, "user.js").write_text(PREFERENCES.format(port=port))


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    with suppress(OSError):
        return await asyncio.open_connection("127.0.0.1", port)
    return None
