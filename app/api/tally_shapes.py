"""The bodies of answers about projects by key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from app.api.shapes import NAMES, Score, Secret, ShownCount, Version, VoteType, shown_numbers
from app.projects.by_key.tallies import Shown
from app.services import board


@dataclass(frozen=True)
class TallyReply:
    """A project by key, with its live tally."""

    key: str
    project_id: int
    vote_type: Annotated[VoteType | None, Field(description="your vote; null without a token")]
    upvotes: ShownCount
    downvotes: ShownCount
    score: Score
    version: Version
    secret: Secret
    closed: Annotated[bool, Field(description="it is locked: nobody can vote on it")]

    @classmethod
    def of(cls, project: Shown, user_id: int | None) -> Self:
        return cls(
            key=project.key,
            project_id=project.project_id,
            vote_type=None if user_id is None else NAMES[project.state.value],
            **shown_numbers(project.state),
            closed=project.closed,
        )


class VotingReply(BaseModel):
    """When the board accepts votes, and which."""

    now: Annotated[
        datetime | None, Field(description="the time by which votes are accepted; null without times")
    ]
    from_: Annotated[datetime | None, Field(alias="from", description="when voting opens, or null")]
    until: Annotated[datetime | None, Field(description="when voting ends, or null")]
    downvotes: Annotated[bool, Field(description="whether people may vote down")]


@dataclass(frozen=True)
class TalliesReply:
    """Projects by key, in the order of the question."""

    tallies: list[TallyReply]
    unknown: Annotated[list[str], Field(description="the keys that name no visible project")]
    voting: VotingReply


def voting_reply() -> VotingReply:
    """Return the times as the live stream sends them, and the clock only where there are any: an answer
    that never changes can be kept by its reader.
    """
    settings = board().settings
    begin, end = settings.vote_from, settings.vote_until
    now = board().now() if begin or end else None
    return VotingReply.model_validate(
        {"now": now, "from": begin, "until": end, "downvotes": settings.downvotes}
    )
