"""The bodies of answers about projects by key."""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field

from app.api.shapes import NAMES, Score, Secret, ShownCount, Version, VoteType, shown_numbers
from app.api.voting_reply import VotingReply
from app.projects.by_key.tallies import KeyedState


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
    def of(cls, project: KeyedState, user_id: int | None) -> Self:
        return cls(
            key=project.key,
            project_id=project.project_id,
            vote_type=None if user_id is None else NAMES[project.state.value],
            **shown_numbers(project.state),
            closed=project.closed,
        )


@dataclass(frozen=True)
class TalliesReply:
    """Projects by key, in the order of the question."""

    tallies: list[TallyReply]
    unknown: Annotated[list[str], Field(description="the keys that name no visible project")]
    voting: VotingReply
