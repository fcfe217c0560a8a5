"""The page of a list in pieces, cut where two readers see something else: one's name and the votes.

The templates draw it once, with stand-ins; a reader's page is then a join of the pieces.
"""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from quart import Quart

from app.accounts.sessions import User
from app.fast.fragments import Fragments, vote_box_renderer
from app.projects.rows import Row
from app.voting.votes import Answer, Standing, Status
from app.voting.widget import Widget

# PostgreSQL's texts hold no zeros, so these stand nowhere else in a page.
NAME, ROW = "\0name", "\0row"
READER = User(0, NAME, 0)


class ListPieces:
    """One list; `view` is what its template is drawn from."""

    def __init__(self, drawing: "Drawing", view: dict[str, Any]) -> None:
        self.rows: list[Row] = view["projects"]
        self._drawing = drawing
        self._view = view
        self._frames: dict[bool, list[bytes]] = {}
        self._around = [drawing.around(row) for row in self.rows]
        self._drawn: dict[tuple[int, Standing], bytes] = {}

    def join(self, user: User, standings: list[Standing], *, is_admin: bool) -> bytes:
        """The page of a user to whom the rows stand like this."""
        if is_admin not in self._frames:
            self._frames[is_admin] = self._drawing.frame(self._view, is_admin=is_admin)
        head, *between = self._frames[is_admin]
        parts = [head.replace(NAME.encode(), user.username.encode())]
        for at, standing in enumerate(standings):
            drawn = self._drawn.get((at, standing))
            parts += (drawn or self._draw(at, standing), between[at])
        return b"".join(parts)

    def _draw(self, at: int, standing: Standing) -> bytes:
        drawn = self._drawing.row(self.rows[at], self._around[at], standing)
        self._drawn[at, standing] = drawn
        return drawn


class Drawing:
    """The templates of one app, outside of any request."""

    def __init__(self, app: Quart) -> None:
        environment = app.jinja_env.overlay(enable_async=False)
        self._page = environment.get_template("projects/list.html")
        self._draw_row: Any = app.jinja_env.globals["draw_row"]
        self._fragments = Fragments(vote_box_renderer(app))

    def frame(self, view: dict[str, Any], *, is_admin: bool) -> list[bytes]:
        """The page without its rows: what stands before the first, between them, behind the last."""
        asked = SimpleNamespace(path="/", full_path="/?", method="GET")
        page = self._page.render(
            **view, user=READER, is_admin=is_admin, request=asked, draw_row=lambda _: ROW,
            get_flashed_messages=lambda **_: [],
        )  # fmt: skip
        return page.encode().split(ROW.encode())

    def around(self, row: Row) -> tuple[bytes, bytes]:
        """What stands before and behind the vote box of a row that is not locked."""
        drawn, box = str(self._draw_row(row)).encode(), self._box(row.id, row.widget)
        before, _, behind = drawn.partition(box)
        return before, behind

    def row(self, row: Row, around: tuple[bytes, bytes], standing: Standing) -> bytes:
        """The row as it stands to a user."""
        if row.widget.locked:  # no vote moves it, so this is drawn once
            widget = replace(row.widget, tally=standing.tally, value=standing.value)
            return str(self._draw_row(replace(row, widget=widget))).encode()
        before, behind = around
        return before + self._box(row.id, standing) + behind

    def _box(self, project_id: int, standing: Standing | Widget) -> bytes:
        answer = Answer(Status.ACCEPTED, 0, standing.value, standing.tally)
        return self._fragments.write(project_id, answer)
