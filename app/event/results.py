"""The results: every project with its place, by the votes in PostgreSQL, and whether they are final."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.board.board import Board
from app.board.tracks import Track
from app.event import queries
from app.event.queries import Final, Totals
from app.event.standings import Standing, place_each, with_places
from app.services import Services
from app.web.turns import in_turns

State = Literal["final", "counting", "so far"]


@dataclass(frozen=True)
class Results:
    """The results of a track or of all projects, as they were at one moment.

    `tracks` are all that have projects. `final` is None if votes may still come or are being counted.
    """

    track: Track | None
    tracks: Sequence[Track]
    standings: Sequence[Standing]
    totals: Totals
    final: Final | None

    @property
    def has_downvotes(self) -> bool:
        return any(standing.downvotes for standing in self.standings)

    def of_track(self, slug: str | None) -> list[Standing]:
        """Return the projects of one track with their places in it; None: of those in no track."""
        return with_places(standing for standing in self.standings if standing.track == slug)


def open_again(results: Results, board: Board) -> Results:
    """Return the results, which are not final if the end of voting was postponed a moment ago."""
    return results if board.voting_phase() == "ended" else replace(results, final=None)


async def read_results(services: Services, track: Track | None) -> Results:
    """Count the votes of a track, or of all projects, and return the results."""
    slug = track.slug if track else None
    async with (
        services.db.acquire() as db,
        db.transaction(isolation="repeatable_read", readonly=True),
    ):
        return Results(
            track=track,
            tracks=await queries.select_tracks_with_projects(db),
            standings=await in_turns(place_each(await queries.select_counted(db, slug))),
            totals=await queries.select_totals(db, slug),
            final=await queries.select_final(db),
        )


def state_of(results: Results, board: Board) -> State:
    """Return how far the results are."""
    if results.final is not None:
        return "final"
    return "counting" if board.voting_phase() == "ended" else "so far"
