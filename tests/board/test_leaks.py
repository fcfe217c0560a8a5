"""The comparison of tests/board/test_secrecy.py notices each of these leaks."""

from datetime import timedelta
from functools import partial

import pytest

from app.accounts.state import AccountsState
from app.live.cold_projects import ColdProjects
from app.projects import embed_card, people, rows
from app.projects.history import PARTS, Point, build_history
from app.projects.history.queries import select_changes
from app.projects.search import routes as search
from app.voting.vote_box import VoteBox
from app.voting.votes import ShownState, Tally
from app.web import conditional
from tests.board.every_route import read_everything
from tests.board.secret_app import app, others_vote, world

__all__ = ["app", "world"]

pytestmark = pytest.mark.long

# The true tallies of the projects that were read last, which a leak adds to an answer.
tallies: dict[int, Tally] = {}


@pytest.fixture(autouse=True)
def remember_tallies(monkeypatch):
    make_row = rows.make_row

    def make_and_remember(project, rank, live, user_id):
        tallies[project.id] = live.tally if live else Tally(project.upvotes, project.downvotes, 0)
        return make_row(project, rank, live, user_id)

    for place in ("app.projects.rows", "app.projects.lists"):
        monkeypatch.setattr(f"{place}.make_row", make_and_remember)


def score_in_an_etag(patch):
    sha256 = conditional.sha256
    patch.setattr(conditional, "sha256", lambda body: sha256(body + repr(tallies).encode()))
    return "GET /api/projects/"


def order(patch):
    for place in ("lists", "routes"):
        patch.setattr(f"app.projects.{place}.rests", lambda *_: False)
    return "GET /?sort=hot"


def version(patch):
    def shown(_, state, user_id):
        return ShownState(Tally(0, 0, state.tally.version), state.value)

    patch.setattr(AccountsState, "shown", shown)
    return "POST /projects/"


def place(patch):
    patch.setattr(VoteBox, "secret", False)
    patch.setattr("app.projects.routes.history_of", nothing)
    return "GET /projects/"


def history_point(patch):
    async def history_of(db, row):
        until = row.created_at + timedelta(days=1)
        _, changes = await select_changes(db, row.id, row.created_at, until, PARTS, 1000)
        return build_history(changes, Point(row.created_at, 0, 0), until)

    patch.setattr(VoteBox, "secret", False)
    patch.setattr("app.projects.routes.places_of", nothing)
    patch.setattr("app.projects.routes.history_of", history_of)
    return "GET /projects/"


async def nothing(*_):
    return []


def live_message(patch):
    async def none_waits(*_):
        return set()

    patch.setattr(ColdProjects, "collect", none_waits)
    return "GET /live"


def header(patch):
    class Response(embed_card.Response):
        def __init__(self, html, status, headers):
            super().__init__(html, status, headers | {"X-Votes": repr(tallies)})

    patch.setattr(embed_card, "Response", Response)
    return "GET /embed/"


def total(patch):
    patch.setattr(people, "render_template", partial(people.render_template, secret=False))
    return "GET /users/"


def metrics(patch):
    patch.setattr(AccountsState, "sees_tallies", lambda *_: True)
    return "GET /metrics"


def search_rank(patch):
    select_matches = search.select_matches

    async def by_votes(*arguments):
        found = await select_matches(*arguments)
        return sorted(found, key=lambda project: (project.upvotes, project.id))

    patch.setattr(search, "select_matches", by_votes)
    return "GET /search?q="


LEAKS = [score_in_an_etag, order, version, place, history_point, live_message, header, total]
LEAKS += [metrics, search_rank]


@pytest.mark.parametrize("leak", LEAKS)
async def test_the_comparison_notices(app, organise, board, world, monkeypatch, leak):
    await organise(tallies="after_reveal")
    where = leak(monkeypatch)
    before = await read_everything(app, world)
    await others_vote(app, board, world.projects)
    after = await read_everything(app, world)
    changed = [" ".join(key) for key in before if before[key] != after[key]]
    assert [line for line in changed if where.removeprefix("GET ") in line]
