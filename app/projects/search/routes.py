"""GET /search?q=…: projects by the words of their title, description and link."""

import os
from urllib.parse import urlencode

from quart import Blueprint, render_template, request

from app.accounts.sessions import signed_in_id
from app.projects.cursors import decode_cursor
from app.projects.forms import LONGEST_URL
from app.projects.lists import ListPage, list_page
from app.projects.queries import Cursor
from app.projects.rows import PAGE
from app.projects.search.queries import select_matches
from app.projects.search.search_query import parse_query
from app.projects.search_terms.words import load_words
from app.services import services
from app.texts import clean_line
from app.web.bounded import Bounded

blueprint = Blueprint("search", __name__)

LONGEST_QUERY = LONGEST_URL  # characters, so that a project is found by its link
# A search keeps PostgreSQL busy for some 20 ms, and this process with its page for 7. Two at once would
# leave votes no core of two.
AT_ONCE = 1 if (os.cpu_count() or 1) <= 2 else 2
searching = Bounded("Too many people are searching right now.", at_once=AT_ONCE, waiting=9 - AT_ONCE)


@blueprint.get("/search")
async def search() -> str:
    words = clean_line(request.args.get("q", ""))[:LONGEST_QUERY]
    after = decode_cursor(request.args.get("after"), "search")
    if not words:
        return await _rendered(words, after, ListPage([], None))
    async with searching:
        return await _rendered(words, after, await _page(words, after, signed_in_id()))


async def _rendered(words: str, after: Cursor | None, page: ListPage) -> str:
    return await render_template(
        "projects/search.html",
        words=words,
        projects=page.rows,
        paged=after is not None,
        first_url="/search?" + urlencode({"q": words}),
        next_url="/search?" + urlencode({"q": words, "after": page.next}) if page.next else None,
    )


async def _page(words: str, after: Cursor | None, user_id: int | None) -> ListPage:
    await load_words()
    query = parse_query(words)
    found = await select_matches(services().db, words, query, user_id, after, PAGE + 1)
    return await list_page(found, user_id, "search", None, after)
