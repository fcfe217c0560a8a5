"""The tallies of projects by their keys, as other lists read them: PostgreSQL, then Redis."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.accounts.state import accounts
from app.projects.by_key import project_keys, queries
from app.projects.by_key.queries import KeyedTally
from app.projects.rows import read_live
from app.services import services
from app.voting.votes import ShownState, Tally, VoteState


@dataclass(frozen=True)
class KeyedState:
    """A project as one reader may see it; `closed` if it accepts no votes."""

    key: str
    project_id: int
    state: ShownState
    closed: bool


async def shown_tallies(keys: Sequence[str], user_id: int | None) -> list[KeyedState]:
    """Return the visible projects with these keys, in the order of the keys."""
    found = {
        each.key: each for each in await queries.select_keyed_tallies(services().db, keys, user_id)
    }
    project_keys().learn({key: each.id for key, each in found.items()})
    live = await read_live(services().functions, [each.id for each in found.values()], user_id)
    return [
        KeyedState(
            key, each.id, accounts().shown(live.get(each.id) or _synced(each), user_id), each.locked
        )
        for key in keys
        if (each := found.get(key))
    ]


def _synced(project: KeyedTally) -> VoteState:
    tally = Tally(project.upvotes, project.downvotes, project.vote_version)
    return VoteState(tally, project.value)
