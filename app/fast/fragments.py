"""The vote fragment as bytes, at the speed of the vote path.

The template voting/_vote_box.html is rendered once for each of the three votes, with stand-ins for the
numbers; a fragment is then a join of the pieces between them.
"""

from collections.abc import Callable

from quart import Quart

from app.voting.votes import Answer, Tally
from app.voting.widget import Widget
from app.web.formatting import compact

# Numbers that nothing else in the template contains, and that no formatting changes.
PROJECT, TALLY = 777_000_111, Tally(upvotes=888_000_444, downvotes=111_000_222, version=777_000_333)

Render = Callable[[Widget], str]


def vote_box_renderer(app: Quart) -> Render:
    """Draws a widget with the template that the pages include, outside of any request."""
    environment = app.jinja_env.overlay(enable_async=False)
    template = environment.get_template("voting/_vote_box.html")
    return lambda widget: template.render(widget=widget)


class Fragments:
    """Writes the fragment of an accepted vote."""

    def __init__(self, render: Render) -> None:
        """`render` draws a widget with the template that pages include."""
        self._pieces = {value: _pieces(render, value) for value in (1, 0, -1)}

    def write(self, project_id: int, answer: Answer) -> bytes:
        numbers = _numbers(project_id, answer.tally)
        pieces = self._pieces[answer.value]
        return "".join([part if slot is None else numbers[slot] for part, slot in pieces]).encode()


def _numbers(project_id: int, tally: Tally) -> tuple[str, ...]:
    """The numbers of a fragment as the template writes them; each has its slot."""
    counts = (project_id, tally.version, tally.upvotes, tally.downvotes, tally.score)
    return (*map(str, counts), compact(tally.score))


def _pieces(render: Render, value: int) -> list[tuple[str, int | None]]:
    """The template's text in order, cut at the stand-ins: (text, None) or ('', which number)."""
    pieces: list[tuple[str, int | None]] = [(render(Widget(PROJECT, value, TALLY)), None)]
    for slot, stand_in in enumerate(_numbers(PROJECT, TALLY)):
        pieces = [cut for piece in pieces for cut in _cut(piece, stand_in, slot)]
    return [piece for piece in pieces if piece != ("", None)]


def _cut(piece: tuple[str, int | None], stand_in: str, slot: int) -> list[tuple[str, int | None]]:
    text, known = piece
    if known is not None:
        return [piece]
    first, *others = text.split(stand_in)
    return [(first, None), *[cut for other in others for cut in (("", slot), (other, None))]]
