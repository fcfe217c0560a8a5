"""A list's row as HTML, rendered once for all readers who see the same row.

Jinja takes about 200 us a row, which is most of a page's time. The cache's key contains the tally, the
reader's vote, the age and the board's view, so a cached row
is never out of date. The reader's name is put in afterwards.
"""

from collections.abc import Callable
from functools import lru_cache

from markupsafe import Markup
from quart import Quart

from app.accounts.user import User
from app.projects.rows import Row
from app.web.formatting import age

# PostgreSQL's texts cannot hold NUL, so this occurs nowhere else in a page.
NAME = "\0name"
READER = User(0, NAME, 0)
MAX_CACHED = 2_000  # of about 3 kB


def row_renderer(app: Quart) -> Callable[[Row, User | None], Markup]:
    """Return a function that renders a row with projects/_project.html, outside of any request.

    It takes the row and its reader, None for a visitor.
    """
    environment = app.jinja_env.overlay(enable_async=False)
    template = environment.get_template("projects/_project.html")
    account = environment.get_template("_account.html").render(user=READER)

    @lru_cache(MAX_CACHED)
    def render(row: Row, _age: str, _view: object) -> str:
        return template.render(project=row, user=READER)

    def render_for(row: Row, reader: User | None) -> Markup:
        html = render(row, age(row.created_at), app.extensions["upvote"].board.view())
        html = html.replace(NAME, reader.username) if reader else html.replace(account, "")
        return Markup(html)  # noqa: S704  (the template escapes, and names have no special characters)

    return render_for
