"""GET /search?q=…: projects by the words of their title and description."""

from urllib.parse import urlencode

from quart import Blueprint, render_template, request

from app.accounts.sessions import signed_in_id
from app.projects.rows import PAGE, make_rows
from app.projects.search.queries import select_matches
from app.services import services
from app.texts import clean_line
from app.web.bounded import Bounded

blueprint = Blueprint("search", __name__)

LONGEST_QUERY = 200
# A page costs more the further down it is, and after a thousand matches better words help more.
MAX_PAGES = 40
# A search costs more than any page, and a process has ten connections to PostgreSQL for everything.
searching = Bounded("Too many people are searching right now.", at_once=3, waiting=6)


@blueprint.get("/search")
async def search() -> str:
    words = clean_line(request.args.get("q", ""))[:LONGEST_QUERY]
    page = min(max(request.args.get("page", 1, type=int), 1), MAX_PAGES)
    skip, found = (page - 1) * PAGE, []
    if words:
        async with searching:
            found = await select_matches(services().db, words, signed_in_id(), PAGE + 1, skip)
    more = len(found) > PAGE and page < MAX_PAGES
    return await render_template(
        "projects/search.html",
        words=words,
        projects=await make_rows(services().functions, found[:PAGE], signed_in_id(), skip + 1),
        next_url="/search?" + urlencode({"q": words, "page": page + 1}) if more else None,
    )
