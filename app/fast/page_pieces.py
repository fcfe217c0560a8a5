"""A list's page in pieces, cut where readers see something different: their name and their votes.

The templates render the page once, with placeholders. A reader's page is then a join of the pieces.
"""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from quart import Quart

from app.accounts.user import User
from app.projects.row_html import NAME, READER, RowHtml, has_plain_box
from app.projects.rows import Row
from app.projects.vote_fragments import Fragments
from app.voting.votes import ShownState
from app.web.turns import in_turns

ROW = "\0row"  # like NAME, it occurs nowhere else in a page


class PagePieces:
    """One list; `view` holds the values that its template is rendered with."""

    def __init__(self, templates: "PageTemplates", view: dict[str, Any]) -> None:
        self.rows: list[Row] = view["projects"]
        self._templates = templates
        self._view = view
        self._frames: dict[bool, list[bytes]] = {}
        self._around: list[tuple[bytes, bytes]] = []
        self._rendered: dict[tuple[int, ShownState], bytes] = {}

    async def prepare(self) -> None:
        """Render what most readers have in common, in turns."""
        self._around = await in_turns(self._templates.around(row) for row in self.rows)
        await self._frame(is_admin=False)

    async def join(self, user: User, states: list[ShownState], *, is_admin: bool) -> bytes:
        """Return the page of a user who sees the rows in these states."""
        head, *between = await self._frame(is_admin=is_admin)
        parts = [head]
        for at, state in enumerate(states):
            rendered = self._rendered.get((at, state))
            parts += (rendered or self._render(at, state), between[at])
        return b"".join(parts).replace(NAME.encode(), user.username.encode())

    async def _frame(self, *, is_admin: bool) -> list[bytes]:
        if is_admin not in self._frames:
            self._frames[is_admin] = await self._templates.frame(self._view, is_admin=is_admin)
        return self._frames[is_admin]

    def _render(self, at: int, state: ShownState) -> bytes:
        rendered = self._templates.row(self.rows[at], self._around[at], state)
        self._rendered[at, state] = rendered
        return rendered


class PageTemplates:
    """The templates of one app, outside of any request."""

    def __init__(self, app: Quart) -> None:
        self._page = app.jinja_env.get_template("projects/list.html")
        self._row_html = RowHtml.of(app)
        self._fragments = Fragments(app)

    async def frame(self, view: dict[str, Any], *, is_admin: bool) -> list[bytes]:
        """Return the page without its rows: the parts before, between and after them."""
        request = SimpleNamespace(path="/", full_path="/?", method="GET")
        page = await self._page.render_async(
            **view, user=READER, is_admin=is_admin, request=request, row_html=lambda *_: ROW,
            get_flashed_messages=lambda **_: [],
        )  # fmt: skip
        return page.encode().split(ROW.encode())

    def around(self, row: Row) -> tuple[bytes, bytes]:
        """Return the HTML before and after the vote box of a row."""
        before, after = self._row_html.around(row)
        return before.encode(), after.encode()

    def row(self, row: Row, around: tuple[bytes, bytes], state: ShownState) -> bytes:
        """Return the row as a user in this state sees it."""
        if not has_plain_box(row):
            vote_box = replace(row.vote_box, state=state)
            return str(self._row_html(replace(row, vote_box=vote_box), READER)).encode()
        before, after = around
        return before + self._fragments.write(row.id, state) + after
