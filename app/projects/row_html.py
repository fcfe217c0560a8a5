"""A list's row as HTML, rendered once for all readers who see the same row, whatever its tally.

Jinja takes about 200 us a row, which is most of a page's time. The cache's key contains the row without
its votes, its age and the board's view, so a cached row is never out of date. The vote box and the
reader's name are put in afterwards.
"""

from dataclasses import replace
from functools import lru_cache

from markupsafe import Markup
from quart import Quart

from app.accounts.user import User
from app.projects.rows import Row
from app.projects.vote_fragments import Fragments
from app.voting.vote_box import VoteBox
from app.voting.votes import ShownState, Tally
from app.web.compiled_templates import rendered_at_once
from app.web.formatting import age

# PostgreSQL's texts cannot hold NUL, so this occurs nowhere else in a page.
NAME = "\0name"
READER = User(0, NAME, 0)
MAX_CACHED = 2_000  # of about 3 kB
NO_VOTES = ShownState(Tally(0, 0, 0), 0)


class RowHtml:
    """Renders rows with projects/_project.html, outside of any request."""

    def __init__(self, app: Quart) -> None:
        environment = rendered_at_once(app)
        self._template = environment.get_template("projects/_project.html")
        self._account = environment.get_template("_account.html").render(user=READER)
        self._fragments = Fragments(app)
        self._extensions = app.extensions
        self._render = lru_cache(MAX_CACHED)(self._rendered)
        self._cut = lru_cache(MAX_CACHED)(self._cut_out)

    @staticmethod
    def of(app: Quart) -> "RowHtml":
        """Return the one that the app's templates use."""
        found: RowHtml = app.jinja_env.globals["row_html"]  # type: ignore[assignment]
        return found

    def __call__(self, row: Row, reader: User | None) -> Markup:
        """Return the row as its reader sees it, None for a visitor."""
        if not has_plain_box(row):
            html = self._render(row, *self._seen(row))
        else:
            before, after = self.around(row)
            html = f"{before}{self._fragments.write(row.id, row.vote_box.state).decode()}{after}"
        html = html.replace(NAME, reader.username) if reader else html.replace(self._account, "")
        return Markup(html)  # noqa: S704  (the template escapes, and names have no special characters)

    def around(self, row: Row) -> tuple[str, str]:
        """Return the HTML before and after the vote box of a row, which is taken for a plain one."""
        return self._cut(replace(row, vote_box=VoteBox(row.id, NO_VOTES)), *self._seen(row))

    def _seen(self, row: Row) -> tuple[str, object]:
        """Return what else a row shows: its age, and the state of the board."""
        return age(row.created_at), self._extensions["upvote"].board.view()

    def _rendered(self, row: Row, _age: str, _view: object) -> str:
        return self._template.render(project=row, user=READER)

    def _cut_out(self, row: Row, _age: str, _view: object) -> tuple[str, str]:
        html = self._rendered(row, _age, _view)
        before, _, after = html.partition(self._fragments.write(row.id, NO_VOTES).decode())
        return before, after


def has_plain_box(row: Row) -> bool:
    """Return whether the vote box is as after an accepted vote; that of a locked project is not.

    Others are rendered with their rows, and cached with them.
    """
    return row.vote_box == VoteBox(row.id, row.vote_box.state)
