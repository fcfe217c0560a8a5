"""The rules of voting that an organiser sets: when votes are accepted, which ones, and how many.

PostgreSQL holds them (board_settings). Each shard in Redis has a copy, by which `cast` decides in the
time of Redis, so every process obeys a change at once.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_EPOCH = datetime.fromtimestamp(0, UTC)


class VoteRules(NamedTuple):
    """The arguments of `set_rules` in rules.lua; times in ms, 0: no such time."""

    revision: int
    from_ms: int
    until_ms: int
    policies: str
    budget: int


def vote_rules(
    revision: int,
    vote_from: datetime | None,
    vote_until: datetime | None,
    *,
    downvotes: bool | None = None,
    self_votes: bool | None = None,
    budget: int | None = None,
    tallies: str | None = None,
    revealed_at: datetime | None = None,
) -> VoteRules:
    """Return the rules; a policy that is None is left to the settings of each process."""
    letters = (
        {None: "", False: "d", True: "D"}[downvotes],
        {None: "", False: "s", True: "S"}[self_votes],
        {"after_voting": "V", "after_reveal": "P" if revealed_at else ""}.get(tallies or "", "P"),
    )
    from_ms, until_ms = unix_ms(vote_from), unix_ms(vote_until)
    return VoteRules(revision, from_ms, until_ms, "".join(letters), budget or 0)


def unix_ms(moment: datetime | None) -> int:
    """Return the Unix time (ms) of a time in whole milliseconds, or 0."""
    return 0 if moment is None else (moment - _EPOCH) // timedelta(milliseconds=1)


def from_unix_ms(ms: int) -> datetime | None:
    """Return the reverse of `unix_ms`."""
    return _EPOCH + timedelta(milliseconds=ms) if ms else None
