"""The vote fragment as bytes, without rendering the template for each vote.

The template voting/_vote_box.html is rendered once for each of the three votes, with placeholders for
the numbers, and once more for each without a tally, for readers from whom it is secret. A fragment is
then a join of the pieces between the placeholders.
"""

from collections.abc import Callable

from quart import Quart

from app.board.board import Board
from app.voting.vote_box import VoteBox
from app.voting.votes import ShownState, Tally
from app.web.compiled_templates import rendered_at_once
from app.web.formatting import compact

# Numbers that occur nowhere else in the template, and that no formatting changes.
PROJECT, TALLY = 777_000_111, Tally(upvotes=888_000_444, downvotes=111_000_222, version=777_000_333)
VOTES_LEFT = 555_000_666

Render = Callable[[VoteBox], str]


def vote_box_renderer(app: Quart) -> Render:
    """Return a function that renders a vote box with the pages' template, outside of any request."""
    template = rendered_at_once(app).get_template("voting/_vote_box.html")
    return lambda vote_box: template.render(vote_box=vote_box)


class Fragments:
    """Writes the fragment of a vote that was accepted."""

    def __init__(self, app: Quart) -> None:
        self._app = app
        self._render = vote_box_renderer(app)
        self._view: object = None  # the state of the board that the pieces show
        self._pieces: dict[tuple[ShownState, bool], list[tuple[str, int | None]]] = {}

    def write(self, project_id: int, state: ShownState, votes_left: int | None = None) -> bytes:
        board: Board = self._app.extensions["upvote"].board
        if self._view != board.view():
            self._view = board.view()
            self._pieces.clear()
        numbers = _numbers(project_id, state.tally or TALLY, votes_left)
        key = state._replace(tally=state.tally and TALLY), votes_left is not None
        pieces = self._pieces.get(key)
        if pieces is None:
            pieces = self._pieces[key] = _pieces(self._render, *key)
        return "".join([part if slot is None else numbers[slot] for part, slot in pieces]).encode()


def _numbers(project_id: int, tally: Tally, votes_left: int | None) -> tuple[str, ...]:
    """Return the numbers of a fragment as the template writes them; their positions are the slots."""
    counts = (project_id, tally.version, tally.upvotes, tally.downvotes, tally.score, votes_left)
    return (*map(str, counts), compact(tally.score))


def _pieces(render: Render, state: ShownState, counted: bool) -> list[tuple[str, int | None]]:
    """Return the template's text cut at the placeholders: (text, None) or ("", slot), in order."""
    vote_box = VoteBox(PROJECT, state, votes_left=VOTES_LEFT if counted else None)
    pieces: list[tuple[str, int | None]] = [(render(vote_box), None)]
    for slot, placeholder in enumerate(_numbers(PROJECT, TALLY, VOTES_LEFT)):
        pieces = [cut for piece in pieces for cut in _cut(piece, placeholder, slot)]
    return [piece for piece in pieces if piece != ("", None)]


def _cut(piece: tuple[str, int | None], placeholder: str, slot: int) -> list[tuple[str, int | None]]:
    text, known = piece
    if known is not None:
        return [piece]
    first, *others = text.split(placeholder)
    return [(first, None), *[cut for other in others for cut in (("", slot), (other, None))]]
