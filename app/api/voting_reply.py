"""The part of answers that says when the board accepts votes, and which."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.board.voting_times import voting_times
from app.services import board


class VotingReply(BaseModel):
    """When the board accepts votes, and which."""

    now: Annotated[
        datetime | None, Field(description="the time by which votes are accepted; null without times")
    ]
    from_: Annotated[datetime | None, Field(alias="from", description="when voting opens, or null")]
    until: Annotated[datetime | None, Field(description="when voting ends, or null")]
    downvotes: Annotated[bool, Field(description="whether people may vote down")]


def voting_reply() -> VotingReply:
    return VotingReply.model_validate(voting_times(board()))
