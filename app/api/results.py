"""GET /api/results: the results as JSON."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field
from pydantic_core import to_json
from quart import Blueprint, Response
from quart_schema import validate_querystring

from app.accounts.bearer import token_user_or_none
from app.accounts.queries import select_is_admin
from app.api.description import answers
from app.api.reply import JSON
from app.api.shapes import Count
from app.event.results import Results
from app.event.secret import Secret
from app.event.standings import Standing
from app.event.state import event
from app.projects.tracks import chosen_track
from app.services import board, services
from app.web.turns import in_turns

blueprint = Blueprint("api_results", __name__)


class ResultsQuery(BaseModel):
    track: str = Field("", description="the slug of a track; leave it out for all projects")


@dataclass(frozen=True)
class StandingReply:
    """A project with its place, by the votes that are stored in PostgreSQL."""

    place: Annotated[int, Field(ge=1, description="equal scores share a place: 1, 1, 3")]
    project_id: int
    title: str
    url: str | None
    authors: Annotated[
        list[str], Field(description="the author, then the accepted members of the team")
    ]
    track: Annotated[str | None, Field(description="the slug of its track")]
    upvotes: Count
    downvotes: Count
    score: int
    voters: Annotated[int, Field(ge=0, description="people with a vote on it")]

    @classmethod
    def of(cls, standing: Standing) -> Self:
        return cls(
            place=standing.place,
            project_id=standing.project_id,
            title=standing.title,
            url=standing.url,
            authors=list(standing.authors),
            track=standing.track,
            upvotes=standing.upvotes,
            downvotes=standing.downvotes,
            score=standing.score,
            voters=standing.voters,
        )


@dataclass(frozen=True)
class ResultsReply:
    """The results, best first."""

    final: Annotated[
        bool, Field(description="voting has ended, and all its votes are stored and verified")
    ]
    voting: Literal["before", "open", "ended"]
    vote_until: Annotated[datetime | None, Field(description="when voting ends")]
    verified_at: Annotated[datetime | None, Field(description="since when they are final")]
    track: Annotated[str | None, Field(description="the track that was asked for")]
    votes: Annotated[int, Field(ge=0, description="votes in force on these projects")]
    voters: Annotated[int, Field(ge=0, description="people with a vote on any of these projects")]
    results: list[StandingReply]  # the last field: list_results writes it by itself

    @classmethod
    def without_rows(cls, results: Results) -> Self:
        return cls(
            final=results.final is not None,
            voting=board().voting_phase(),
            vote_until=board().settings.vote_until,
            verified_at=results.final.verified_at if results.final else None,
            track=results.track.slug if results.track else None,
            votes=results.totals.votes,
            voters=results.totals.voters,
            results=[],
        )


@blueprint.get("/api/results")
@answers(ResultsReply, 401, 403, 404, 503, token="optional")
@validate_querystring(ResultsQuery)
async def list_results(query_args: ResultsQuery) -> Response:
    """Return all projects by place; equal scores share one.

    While tallies are secret, this needs the token of an admin, and answers others 403 `secret`.
    """
    user_id = await token_user_or_none()
    if board().is_secret() and not (user_id and await select_is_admin(services().db, user_id)):
        raise Secret(board())
    results = await event().results(chosen_track(query_args.track))
    head, _, end = to_json(ResultsReply.without_rows(results)).rpartition(b"]")
    rows = await in_turns(to_json(StandingReply.of(standing)) for standing in results.standings)
    return Response(head + b",".join(rows) + b"]" + end + b"\n", content_type=JSON)
