"""The board beside whose work votes are measured: servers, stored votes, web, worker and voters."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from app.main import create_app
from app.services import Services, open_services
from app.settings import Settings
from bench.beside import queries, stored
from bench.beside.answers import LOST, OTHER, Answer, warn
from bench.beside.crowd import Crowd, open_crowd
from bench.board import VOTED_ON, BenchBoard, servers
from bench.queries import User
from tests.ports import free_port
from tests.processes import environment, running, until_alive
from tests.support import session_cookie

VOTE_RATE, PAGE_RATE = 1_000, 10  # a second
GIVE_UP = 60.0  # s
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


@dataclass
class BesideBoard:
    """A running board, its voters, and what other requests were answered."""

    bench: BenchBoard
    settings: Settings
    services: Services  # of this process, without limits
    crowd: Crowd
    port: int
    web_pid: int
    admin: str  # the session cookie of an admin
    cookies: list[str]  # of the voters
    asked: list[Answer] = field(default_factory=list)

    async def ask(
        self,
        method: str,
        path: str,
        form: Mapping[str, object] | None = None,
        *,
        cookie: str = "",
        expected: int = 200,
        others: tuple[int, ...] = (),
    ) -> bytes:
        """Send a request on a connection of its own, record its answer and return that.

        A status that is neither expected nor among the others counts as an error of the activity.
        """
        sent = time.monotonic()
        try:
            async with asyncio.timeout(GIVE_UP):
                answer = await self._exchange(method, path, form, cookie)
            status = int(answer[9:12])
        except (OSError, ValueError, TimeoutError):
            answer, status = b"", LOST
        taken = 1000 * (time.monotonic() - sent)
        is_fine = status == expected or status in others
        self.asked.append(Answer(sent, taken, 200 if is_fine else status, OTHER))
        if not is_fine:
            warn(f"{method} {path}: {status} instead of {expected}")
        return answer

    async def _exchange(
        self, method: str, path: str, form: Mapping[str, object] | None, cookie: str
    ) -> bytes:
        body = urlencode(form or {}).encode()
        headers = {
            "Host": f"127.0.0.1:{self.port}", "Connection": "close", "Accept-Encoding": "gzip",
            **({"Cookie": f"upvote_session={cookie}"} if cookie else {}),
            **(FORM | {"Content-Length": len(body)} if form is not None else {}),
        }  # fmt: skip
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            return await reader.read()
        finally:
            writer.close()

    async def command(self, *words: str, **changes: object) -> None:
        """Run `upvote WORDS…`; raise an error with its output if it fails."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.commands", *words),
            env=environment(self.settings, **changes),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"upvote {' '.join(words)}: {output.decode()[-2_000:]}")

    def cookie_of(self, user: User) -> str:
        return session_cookie(create_app(self.settings), user)


@asynccontextmanager
async def open_beside(data_dir: Path, webs: int, rate: float) -> AsyncIterator[BesideBoard]:
    """Start the board that bench/beside/stored.py has stored; its voters vote `rate` times a second."""
    async with servers(data_dir) as (settings, db, redis):
        settings = settings.model_copy(update={"register_limit_max": 0, "submit_limit_max": 0})
        bench = await stored.bench_board(settings, db, redis)
        unlimited = settings.model_copy(update={"rate_limit_max": 0, "account_limit_max": 0})
        async with (
            open_services(unlimited, query_seconds=600) as services,
            _processes(settings, webs) as (port, web_pid),
            open_crowd(port, bench.cookies, (rate, PAGE_RATE), bench.project_ids[:VOTED_ON]) as crowd,
        ):
            admin = session_cookie(create_app(settings), await queries.select_user(db, "demo"))
            cookies = bench.cookies.read_text().split()
            yield BesideBoard(bench, settings, services, crowd, port, web_pid, admin, cookies)


@asynccontextmanager
async def _processes(settings: Settings, webs: int) -> AsyncIterator[tuple[int, int]]:
    port = free_port()
    async with (
        running("web", settings, port=port, web_workers=webs, log_level="WARNING") as web_pid,
        running("worker", settings, webhooks_private="yes", log_level="WARNING"),
    ):
        await until_alive(port)
        yield port, web_pid
