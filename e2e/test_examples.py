"""The example sites: each is started as its README says, and somebody votes there."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from app.accounts.commands import create_token
from app.accounts.queries import insert_user
from app.projects.imports.import_projects import import_projects
from app.settings import Settings
from tests.conftest import NO_LIMITS
from tests.ports import free_port
from tests.processes import running, until_alive, until_answered
from tests.waiting import CEILING, until

EXAMPLES = Path(__file__).parent.parent / "examples"
KEY = f"site1:{'k' * 32}"
OWNER = "site-of-examples"


@dataclass(frozen=True)
class SharedBoard:
    """The address of the board, where its sites are, and a token with which they publish."""

    address: str
    site_port: int
    token: str

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.site_port}"

    @asynccontextmanager
    async def serving(self, *command: str, folder: Path = EXAMPLES) -> AsyncIterator[str]:
        """Run the program of a site; yield its address when it answers."""
        environment = os.environ | {
            "BOARD": self.address, "BOARD_TOKEN": self.token, "HANDOVER_KEY": KEY,
            "PORT": str(self.site_port), "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=environment, start_new_session=True
        )
        try:
            await until_answered(self.site_port, "/")
            yield self.site
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # npm leaves its children to the terminal
            await asyncio.wait_for(process.wait(), CEILING)

    async def tally(self, key: str) -> dict[str, int | str]:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{self.address}/api/tallies?keys={key}", timeout=CEILING)
        return answer.json()["tallies"][0]

    async def until_score(self, key: str, score: int) -> None:
        async def has_it() -> bool:
            return (await self.tally(key))["score"] == score

        await until(has_it, "until the board has the vote")


@pytest.fixture(scope="session")
async def shared_board(settings: Settings, db) -> AsyncIterator[SharedBoard]:
    """Run a board that takes the users of the examples."""
    await insert_user(db, OWNER, "no hash", is_admin=True)
    token = await create_token(settings, OWNER, ["projects"])
    port, site_port = free_port(), free_port()
    address = f"http://127.0.0.1:{port}"
    changes = {"base_url": address, "cors_origins": f"http://127.0.0.1:{site_port}"}
    async with running("web", settings, **NO_LIMITS, **changes, handover_keys=KEY, port=port):
        await until_alive(port)
        yield SharedBoard(address, site_port, token)


@pytest.fixture
async def page(new_context) -> Page:
    return await (await new_context()).new_page()


async def vote_as(page: Page, name: str) -> None:
    """Sign in to the site by a name, and vote for the first article."""
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Sign in").click()
    upvote = page.get_by_role("button", name="Upvote").first
    await expect(upvote).to_be_enabled()
    await upvote.click()
    await expect(upvote).to_have_attribute("aria-pressed", "true")


async def test_a_reader_of_the_flask_site_votes(shared_board, page):
    async with shared_board.serving(sys.executable, str(EXAMPLES / "flask_site/app.py")) as address:
        before = (await shared_board.tally("article-ferry"))["score"]
        await page.goto(address)
        await vote_as(page, "Ada")
        await shared_board.until_score("article-ferry", before + 1)


async def test_a_reader_of_the_plain_page_is_led_to_the_board(shared_board, page, settings, tmp_path):
    await import_projects(settings, (EXAMPLES / "plain/projects.csv").read_text(), OWNER)
    html = (EXAMPLES / "plain/index.html").read_text()
    (tmp_path / "index.html").write_text(html.replace("http://127.0.0.1:8000", shared_board.address))
    server = (sys.executable, "-m", "http.server", str(shared_board.site_port), "--bind", "127.0.0.1")
    async with shared_board.serving(*server, folder=tmp_path) as address:
        await page.goto(address)
        async with page.expect_popup() as popup:
            await page.locator("button.vote-up:enabled").first.click()
        number = (await shared_board.tally("plan-ferry"))["project_id"]
        await (await popup.value).wait_for_url(f"{shared_board.address}/projects/{number}")


@pytest.mark.long
async def test_a_reader_of_the_react_site_votes(shared_board, page, tmp_path):
    """Needs Node, and packages from the registry of npm."""
    npm = shutil.which("npm")
    assert npm, "install Node, version 20 or newer"
    shutil.copytree(EXAMPLES / "react_site", tmp_path / "site", ignore=_installed)
    async with shared_board.serving(npm, "start", folder=tmp_path / "site") as address:
        before = (await shared_board.tally("article-ferry"))["score"]
        await page.goto(address)
        await vote_as(page, "Lin")
        await shared_board.until_score("article-ferry", before + 1)


def _installed(_folder: str, names: Sequence[str]) -> set[str]:
    return {"node_modules"} & set(names)
