"""Standings: projects by their score, with their places; equal scores share a place."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby


@dataclass(frozen=True)
class Standing:
    """A project in a list by scores. `place` is 0 until `with_places` has counted it.

    `authors` are the author and the members of the team, `track` is the slug of its track.
    """

    project_id: int
    title: str
    url: str | None
    authors: Sequence[str]
    track: str | None
    upvotes: int
    downvotes: int
    place: int = 0
    names: Sequence[str] = ()  # of the authors, as readers see them

    @property
    def score(self) -> int:
        return self.upvotes - self.downvotes

    @property
    def voters(self) -> int:
        """Return how many people have a vote on it."""
        return self.upvotes + self.downvotes


def with_places(standings: Iterable[Standing]) -> list[Standing]:
    """Return them best first, with places: two at 1 are followed by 3. Ties are in the order of ids."""
    ordered = sorted(standings, key=lambda standing: (-standing.score, standing.project_id))
    return list(place_each(ordered))


def place_each(ordered: Iterable[Standing]) -> Iterator[Standing]:
    """Yield standings that are in order, with their places."""
    place, score = 0, None
    for number, standing in enumerate(ordered, 1):
        if standing.score != score:
            place, score = number, standing.score
        yield replace(standing, place=place)


def by_place(standings: Iterable[Standing]) -> list[list[Standing]]:
    """Return the groups that share a place, the best first."""
    place: Callable[[Standing], int] = lambda standing: standing.place  # noqa: E731
    return [list(group) for _, group in groupby(standings, place)]
