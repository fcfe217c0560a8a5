"""The picture of the results: what its SVG draws and where, without fonts or styles of its own."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from app.board.board import Board
from app.board.times import format_time
from app.event.results import Results
from app.event.standings import Standing
from app.projects.feed import INVALID_XML

# Units of the drawing, which is 1600 wide and 900 high, as a slide is.
ROWS = 10
FIRST_LINE, LINE = 268, 56  # the baseline of the first row, and the distance to the next
TITLE_SIZE, TITLE_WIDTH = 32, 800
HEADING_SIZE, HEADING_WIDTH = 56, 1440
BAR_WIDTH = 360
# The width of a character as a part of the font's size, in the widest of the usual sans-serif fonts.
NARROW, WIDE, USUAL = 0.34, 0.82, 0.6
NARROW_CHARACTERS = frozenset("iljftrI.,:;'!|()[]- ")
WIDE_CHARACTERS = frozenset("mwMW@%&")


@dataclass(frozen=True)
class Bar:
    """One row of the picture."""

    y: int
    place: int
    title: str
    score: int
    width: int


@dataclass(frozen=True)
class Picture:
    """The texts and rows of the picture; `left_out` is how many projects it does not show."""

    heading: str
    subject: str
    bars: Sequence[Bar]
    left_out: int
    votes: int
    voters: int
    time: str


def picture_of(results: Results, board: Board) -> Picture:
    """Return the picture of the first ROWS projects, at the time of the verification or now."""
    shown = results.standings[:ROWS]
    most = max([standing.score for standing in shown if standing.score > 0], default=1)
    time = results.final.verified_at if results.final else board.now()
    settings = board.settings
    subject = results.track.name if results.track else "All projects"
    return Picture(
        heading=clip(settings.name, HEADING_SIZE, HEADING_WIDTH),
        subject=clip(subject, TITLE_SIZE, HEADING_WIDTH / 2),
        bars=[_bar(number, standing, most) for number, standing in enumerate(shown)],
        left_out=len(results.standings) - len(shown),
        votes=results.totals.votes,
        voters=results.totals.voters,
        time=f"{format_time(time.replace(second=0, microsecond=0), settings.zone)} {settings.timezone}",
    )


def _bar(number: int, standing: Standing, most: int) -> Bar:
    return Bar(
        y=FIRST_LINE + LINE * number,
        place=standing.place,
        title=clip(standing.title, TITLE_SIZE, TITLE_WIDTH),
        score=standing.score,
        width=round(BAR_WIDTH * max(0, standing.score) / most),
    )


def clip(text: str, size: float, width: float) -> str:
    """Return the text, or its beginning with an ellipsis if it is likely to be wider than `width`."""
    text = INVALID_XML.sub("", text)
    if size * sum(map(_width, text)) <= width:
        return text
    room, kept = width / size - USUAL, ""
    for character in text:
        room -= _width(character)
        if room < 0:
            break
        kept += character
    return kept.rstrip(" \u200d") + "…"


def _width(character: str) -> float:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return 1
    if character in NARROW_CHARACTERS:
        return NARROW
    return WIDE if character in WIDE_CHARACTERS or character.isupper() else USUAL
