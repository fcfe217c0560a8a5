"""A list's page in pieces, cut where readers see something different: their name and their votes.

The templates render the page once, with placeholders. A reader's page is then a join of the pieces.
"""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from quart import Quart

from app.accounts.user import User
from app.fast.fragments import Fragments
from app.projects.row_html import NAME, READER
from app.projects.rows import Row
from app.voting.votes import ShownState

ROW = "\0row"  # like NAME, it occurs nowhere else in a page


class PagePieces:
    """One list; `view` holds the values that its template is rendered with."""

    def __init__(self, templates: "PageTemplates", view: dict[str, Any]) -> None:
        self.rows: list[Row] = view["projects"]
        self._templates = templates
        self._view = view
        self._frames: dict[bool, list[bytes]] = {}
        self._around = [templates.around(row) for row in self.rows]
        self._rendered: dict[tuple[int, ShownState], bytes] = {}

    def join(self, user: User, states: list[ShownState], *, is_admin: bool) -> bytes:
        """Return the page of a user who sees the rows in these states."""
        if is_admin not in self._frames:
            self._frames[is_admin] = self._templates.frame(self._view, is_admin=is_admin)
        head, *between = self._frames[is_admin]
        parts = [head]
        for at, state in enumerate(states):
            rendered = self._rendered.get((at, state))
            parts += (rendered or self._render(at, state), between[at])
        return b"".join(parts).replace(NAME.encode(), user.username.encode())

    def _render(self, at: int, state: ShownState) -> bytes:
        rendered = self._templates.row(self.rows[at], self._around[at], state)
        self._rendered[at, state] = rendered
        return rendered


class PageTemplates:
    """The templates of one app, outside of any request."""

    def __init__(self, app: Quart) -> None:
        environment = app.jinja_env.overlay(enable_async=False)
        self._page = environment.get_template("projects/list.html")
        self._row_html: Any = app.jinja_env.globals["row_html"]
        self._fragments = Fragments(app)

    def frame(self, view: dict[str, Any], *, is_admin: bool) -> list[bytes]:
        """Return the page without its rows: the parts before, between and after them."""
        request = SimpleNamespace(path="/", full_path="/?", method="GET")
        page = self._page.render(
            **view, user=READER, is_admin=is_admin, request=request, row_html=lambda *_: ROW,
            get_flashed_messages=lambda **_: [],
        )  # fmt: skip
        return page.encode().split(ROW.encode())

    def around(self, row: Row) -> tuple[bytes, bytes]:
        """Return the HTML before and after the vote box of a row that is not locked."""
        html = str(self._row_html(row, READER)).encode()
        before, _, after = html.partition(self._fragments.write(row.id, row.vote_box.state))
        return before, after

    def row(self, row: Row, around: tuple[bytes, bytes], state: ShownState) -> bytes:
        """Return the row as a user in this state sees it."""
        if row.vote_box.locked:  # its tally does not change, so it is rendered once
            vote_box = replace(row.vote_box, state=state)
            return str(self._row_html(replace(row, vote_box=vote_box), READER)).encode()
        before, after = around
        return before + self._fragments.write(row.id, state) + after
