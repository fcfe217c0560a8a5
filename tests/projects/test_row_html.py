"""A row of a list is what its template says, to the letter, for each reader and tally."""

from dataclasses import replace

import pytest

from app.accounts.user import User
from app.projects.lists import find_row
from app.projects.row_html import RowHtml
from app.voting.vote_box import VoteBox
from app.voting.votes import ShownState, Tally

READERS = [None, User(7, "some-reader", 0)]
STATES = [
    ShownState(Tally(0, 0, 0), 0),
    ShownState(Tally(3, 1, 9), 1),
    ShownState(Tally(1_234_567, 4, 99), -1),
    ShownState(None, 1),
]


@pytest.fixture
async def row(free_app, board):
    async with free_app.app_context():
        return await find_row(await board.project(), None)


def rendered(app, row, reader) -> str:
    environment = app.jinja_env.overlay(enable_async=False)
    return environment.get_template("projects/_project.html").render(project=row, user=reader)


@pytest.mark.parametrize("reader", READERS, ids=["visitor", "member"])
@pytest.mark.parametrize("state", STATES)
async def test_each_state_is_shown_as_the_template_shows_it(free_app, row, reader, state):
    seen = replace(row, vote_box=VoteBox(row.id, state))
    assert RowHtml.of(free_app)(seen, reader) == rendered(free_app, seen, reader)


@pytest.mark.parametrize("reader", READERS, ids=["visitor", "member"])
async def test_a_locked_row_and_one_with_a_message_are_too(free_app, row, reader):
    state = ShownState(Tally(5, 2, 7), 1)
    for box in (VoteBox(row.id, state, locked=True), VoteBox(row.id, state, "Voting is locked.")):
        seen = replace(row, vote_box=box)
        assert RowHtml.of(free_app)(seen, reader) == rendered(free_app, seen, reader)


async def test_a_row_is_rendered_once_for_all_tallies(free_app, row, monkeypatch):
    row_html, count = RowHtml(free_app), 0
    render = row_html._template.render

    def counted(**values):
        nonlocal count
        count += 1
        return render(**values)

    monkeypatch.setattr(row_html._template, "render", counted)
    for version in range(20):
        state = ShownState(Tally(version, 0, version), 0)
        row_html(replace(row, vote_box=VoteBox(row.id, state)), None)
    assert count == 1
