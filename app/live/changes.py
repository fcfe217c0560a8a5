"""What a tick of the hub sends to a stream about a project, as far as its reader may know it."""

import asyncio
import json
from collections.abc import Coroutine, Iterable

from app.live.stream import Change, Stream
from app.voting.replies import States
from app.voting.votes import ShownState

Changes = dict[int, Change]  # by project


def user_ids_of(streams: Iterable[Stream]) -> list[int]:
    return list({stream.user.id for stream in streams if stream.user is not None})


async def run_all(calls: Iterable[Coroutine[None, None, None]]) -> None:
    """Run all to their ends, and then raise the first failure, so that none goes on after the tick."""
    for failure in await asyncio.gather(*calls, return_exceptions=True):
        if failure is not None:
            raise failure


def add_change(
    project_id: int, streams: list[Stream], states: States, changes: dict[Stream, Changes]
) -> None:
    """Add a project's state to the changes of the streams whose readers may know that it changed."""
    # A reader has one of three votes, so a few texts are enough for any number of readers.
    texts: dict[ShownState, bytes] = {}
    for stream in streams:
        tally, value = states[stream.user and stream.user.id]
        if not (stream.sees or stream.is_new) and stream.told.get(project_id) == value:
            continue
        shown = ShownState(tally if stream.sees else None, value)
        if shown not in texts:
            texts[shown] = write_change(project_id, shown)
        changes[stream][project_id] = Change(texts[shown], value)


_SECRET = dict.fromkeys(("upvotes", "downvotes", "version", "score")) | {"secret": True}


def write_change(project_id: int, state: ShownState) -> bytes:
    """Return a project's state as JSON for readers who see it like this."""
    numbers = _SECRET if state.tally is None else state.tally._asdict() | {"score": state.tally.score}
    change = {"project_id": project_id, **numbers, "vote": state.value}
    return json.dumps(change, separators=(",", ":")).encode()
