"""Turns the replies of the functions in Redis, which are flat lists of integers, into their types."""

from collections.abc import Iterable, Sequence

from app.voting.votes import Status, Tally, VoteResult, VoteState

# A project's state for each user that was asked about; None stands for a visitor.
States = dict[int | None, VoteState]


def rows_of(reply: list[int], width: int) -> Iterable[tuple[int, ...]]:
    return zip(*[iter(reply)] * width, strict=True)


def states_of(tally: Tally, user_ids: Sequence[int], values: Sequence[int]) -> States:
    states: States = {
        user_id: VoteState(tally, value) for user_id, value in zip(user_ids, values, strict=True)
    }
    states[None] = VoteState(tally, 0)
    return states


def result_of(row: tuple[int, ...]) -> VoteResult:
    status, wait_ms, value, up, down, version = row
    return VoteResult(Status(status), wait_ms, VoteState(Tally(up, down, version), value))


def with_votes_left(results: Sequence[VoteResult], left: Sequence[int]) -> list[VoteResult]:
    """Return the results with how many votes each account may still cast; -1: not known."""
    return [
        result._replace(votes_left=votes if votes >= 0 else None)
        for result, votes in zip(results, left, strict=True)
    ]
