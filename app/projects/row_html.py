"""A list's row as HTML: drawn once for all who see the same.

A row takes Jinja some 200 us, most of a page's time; its tally, one's own vote and its age are part of
what is looked up, so a row that was kept is never an old one.
"""

from collections.abc import Callable
from functools import lru_cache

from markupsafe import Markup
from quart import Quart

from app.projects.rows import Row
from app.web.formatting import age

MOST_KEPT = 2_000  # of some 3 kB


def row_drawer(app: Quart) -> Callable[[Row], Markup]:
    """Draws a row with the template projects/_project.html, outside of any request."""
    environment = app.jinja_env.overlay(enable_async=False)
    template = environment.get_template("projects/_project.html")

    @lru_cache(MOST_KEPT)
    def draw(row: Row, _age: str) -> Markup:
        return Markup(template.render(project=row))  # noqa: S704  (the template escapes)

    return lambda row: draw(row, age(row.created_at))
