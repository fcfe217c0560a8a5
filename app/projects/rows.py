"""The rows of a list as the templates show them: the project, its rank, and its vote box."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from app.accounts.person import Person
from app.accounts.state import accounts
from app.board.tracks import Track
from app.errors import VotesUnavailable
from app.links import Link, read_link
from app.projects.queries import Project
from app.services import services
from app.voting.functions import VoteFunctions
from app.voting.vote_box import VoteBox
from app.voting.votes import Tally, VoteState

PAGE = 25


@dataclass(frozen=True)
class Row:
    id: int
    key: str | None
    rank: int
    title: str
    url: str | None  # as browsers read it; None too if they cannot: then it is not made a link
    host: str | None
    stored_url: str | None
    description: str
    people: tuple[Person, ...]  # who submitted it, then the members of the team
    track: Track | None
    created_at: datetime
    edited_at: datetime | None
    hidden: bool
    locked: bool
    vote_box: VoteBox

    @property
    def authors(self) -> tuple[str, ...]:
        """The usernames of its people."""
        return tuple(person.username for person in self.people)

    @property
    def author(self) -> str:
        return self.people[0].username

    @property
    def changed_at(self) -> datetime:
        """When the texts were last edited, or else submitted."""
        return self.edited_at or self.created_at


async def make_rows(
    functions: VoteFunctions, projects: Sequence[Project], user_id: int | None, first_rank: int = 1
) -> list[Row]:
    """Return rows with live tallies; those of cold projects, or without Redis, are of the last sync."""
    live = await read_live(functions, [project.id for project in projects], user_id)
    return [
        make_row(project, rank, live.get(project.id), user_id)
        for rank, project in enumerate(projects, first_rank)
    ]


async def read_live(
    functions: VoteFunctions, project_ids: Iterable[int], user_id: int | None
) -> dict[int, VoteState]:
    """Return the states of the cached projects; none while Redis is away."""
    try:
        return await functions.read(project_ids, user_id)
    except VotesUnavailable:
        return {}


def make_row(project: Project, rank: int, live: VoteState | None, user_id: int | None) -> Row:
    """Return a row with its live state, or with that of the last sync, as `user_id` may see it."""
    synced = Tally(project.upvotes, project.downvotes, project.vote_version)
    state = live or VoteState(synced, project.value)
    link = _read_link(project.url) if project.url else None
    return Row(
        id=project.id,
        key=project.key,
        rank=rank,
        title=project.title,
        url=link.address if link else None,
        host=link.host if link else None,
        stored_url=project.url,
        description=project.description,
        people=tuple(map(Person.of, (project.author, *sorted(project.members)))),
        track=_track(project.track_id),
        created_at=project.created_at,
        edited_at=project.edited_at,
        hidden=project.hidden,
        locked=project.locked,
        vote_box=VoteBox(
            project.id, accounts().shown(state, user_id), locked=project.locked or project.hidden
        ),
    )


def _track(track_id: int | None) -> Track | None:
    """Return a project's track; None also until this process has heard of a new one."""
    return next((track for track in services().board.tracks if track.id == track_id), None)


@lru_cache(2_000)
def _read_link(url: str) -> Link | None:
    """Read a stored link. Those that people type are not cached: there may be any number of them."""
    return read_link(url)
