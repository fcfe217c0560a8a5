"""Request and response bodies of the API; the OpenAPI description includes their texts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from app.projects.by_key import KEY as KEY_PATTERN
from app.projects.forms import LONGEST_DESCRIPTION, LONGEST_TITLE, LONGEST_URL
from app.projects.lists import FILTERS
from app.projects.orders import ORDERS, WINDOWS
from app.projects.rows import Row
from app.texts import visible_pattern
from app.voting.votes import ShownState
from app.web.ids import ID_DIGITS, MAX_ID

VoteType = Literal["up", "down", "none"]
VALUES: dict[VoteType, int] = {"up": 1, "down": -1, "none": 0}
NAMES: dict[int, VoteType] = {value: name for name, value in VALUES.items()}


def _whole(given: object) -> object:
    """Convert 1.0 to 1, because JSON Schema counts it as an integer."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


Number = Annotated[int, Field(strict=True, ge=1, le=MAX_ID), BeforeValidator(_whole)]
Digits = Annotated[str, Field(pattern=f"^{ID_DIGITS.pattern}$")]
ProjectKey = Annotated[str, Field(pattern=f"^{KEY_PATTERN.pattern}$")]
Count = Annotated[int, Field(ge=0)]


def _one_of(options: Iterable[str], description: str) -> Any:
    """Return a choice that may be empty, which is the same as leaving it out."""
    return Annotated[Literal[*options, ""], Field(description=description)]  # type: ignore[valid-type]


_SORT = (
    "the order of the list. `shuffled` is another one for each token. While tallies are secret, only "
    "`new` and `shuffled` are open, and `shuffled` is the default"
)
_AFTER: Any = Annotated[str, Field(description="`next` of the previous page; leave out for the first")]

_TRACK: Any = Annotated[str, Field(description="the short name of a track; leave out for all projects")]

# Created when the program starts, from the orders and windows that the lists offer.
ListQuery = create_model(
    "ListQuery",
    sort=(_one_of(ORDERS, _SORT), "hot"),
    t=(_one_of(WINDOWS, "the time range of top, best and controversial; the others ignore it"), "all"),
    track=(_TRACK, ""),
    after=(_AFTER, ""),
)
VotesQuery = create_model(
    "VotesQuery", filter=(_one_of(FILTERS, "which votes"), "all"), after=(_AFTER, "")
)


class VoteBody(BaseModel):
    """The vote that the user wants to have on a project, which has either `project_id` or `key`."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["project_id"]}, {"required": ["key"]}]}
    )

    project_id: Number | Digits = Field(
        default_factory=int, description="the project's number, or its digits as a string"
    )
    key: ProjectKey = Field(
        default_factory=str, description="the project's key, in place of its number"
    )
    vote_type: VoteType = Field(description="up, down, or none to take the vote back")


# A link that a browser reads as it is written is always accepted. Others may be, too, as in the form.
NAME = "[a-z][a-z0-9]{0,30}"
URI = rf"^https?://{NAME}(\.{NAME}){{0,3}}(:[1-9][0-9]{{0,3}})?(/[!#-&(-;=?-\]_a-z~]*)?$"
Title = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_TITLE,
        json_schema_extra=lambda schema: schema.update(pattern=visible_pattern()),
    ),
]
Link = Annotated[
    str, Field(max_length=LONGEST_URL, pattern="^https?://", json_schema_extra={"pattern": URI})
]


class ProjectBody(BaseModel):
    """A project to submit."""

    title: Title = Field(description="what the project is, with something that can be seen")
    url: Link | None = Field(
        None, description="where to find the project; stored as browsers write it (WHATWG URL)"
    )
    description: str = Field("", max_length=LONGEST_DESCRIPTION, description="plain text")
    track: str | None = Field(
        None, description="the short name of one of the board's tracks; null for none"
    )


KEY = "^[!-~]+$"
LONGEST_KEY = 255


class SubmitHeaders(BaseModel):
    """The headers of a submission."""

    idempotency_key: str | None = Field(
        None,
        pattern=KEY,
        max_length=LONGEST_KEY,
        description="sent again within a day, it creates nothing more and the answer is the first "
        "project. Use a new random key, such as a UUID, for each project",
    )


ShownCount = Annotated[int | None, Field(ge=0, description="null while secret")]
Score = Annotated[int | None, Field(description="upvotes - downvotes; null while secret")]
Version = Annotated[
    int | None,
    Field(ge=0, description="grows by one with every change of the tally; null while secret"),
]
Secret = Annotated[bool, Field(description="only admins see the tallies now")]


def shown_numbers(state: ShownState) -> dict[str, Any]:
    """Return the fields of a tally, as the reader may see them."""
    if state.tally is None:
        return dict.fromkeys(("upvotes", "downvotes", "score", "version")) | {"secret": True}
    return {**state.tally._asdict(), "score": state.tally.score, "secret": False}


@dataclass(frozen=True)
class VoteReply:
    """The user's vote and the project's tally as they are now."""

    project_id: int
    key: Annotated[str | None, Field(description="the key that you sent; null if you sent a number")]
    vote_type: VoteType
    upvotes: ShownCount
    downvotes: ShownCount
    score: Score
    version: Version
    secret: Secret

    @classmethod
    def of(cls, project_id: int, key: str | None, state: ShownState) -> Self:
        return cls(project_id, key, NAMES[state.value], **shown_numbers(state))


@dataclass(frozen=True)
class ProjectReply:
    """One project with its live tally."""

    id: int
    key: Annotated[str | None, Field(description="the key that another site gave it; null for none")]
    title: str
    url: Annotated[str | None, Field(description="as browsers write it (WHATWG URL)")]
    description: str
    author: Annotated[str, Field(description="who submitted it")]
    authors: Annotated[list[str], Field(description="who submitted it, and the members of the team")]
    display_name: Annotated[
        str | None, Field(description="the name in place of the author's username; null for none")
    ]
    display_names: Annotated[
        list[str | None], Field(description="the same for each of the authors, in their order")
    ]
    track: Annotated[str | None, Field(description="the short name of its track; null for none")]
    created_at: datetime
    edited_at: Annotated[datetime | None, Field(description="when its author last edited it")]
    upvotes: ShownCount
    downvotes: ShownCount
    score: Score
    version: Version
    secret: Secret
    locked: Annotated[bool, Field(description="nobody can vote on it or edit it")]
    vote_type: Annotated[VoteType | None, Field(description="your vote; null without a token")]

    @classmethod
    def of(cls, row: Row, user_id: int | None) -> Self:
        return cls(
            id=row.id,
            key=row.key,
            title=row.title,
            url=row.url,
            description=row.description,
            author=row.author,
            authors=list(row.authors),
            display_name=row.people[0].display_name,
            display_names=[person.display_name for person in row.people],
            track=row.track.slug if row.track else None,
            created_at=row.created_at,
            edited_at=row.edited_at,
            **shown_numbers(row.vote_box.state),
            locked=row.locked,
            vote_type=None if user_id is None else NAMES[row.vote_box.value],
        )


@dataclass(frozen=True)
class ProjectsReply:
    """A page of a list."""

    projects: list[ProjectReply]
    next: Annotated[str | None, Field(description="`after` of the next page; null on the last")]


@dataclass(frozen=True)
class MetricsReply:
    """Totals over all processes since Redis was last empty; latencies in ms at the batcher.

    While tallies are secret, all but `secret` is null, except for admins.
    """

    total_votes: Annotated[int | None, Field(ge=0, description="accepted votes")]
    total_refused: Annotated[int | None, Field(ge=0, description="refused votes")]
    total_errors: Annotated[int | None, Field(ge=0, description="votes that Redis did not answer")]
    success_rate: Annotated[
        float | None, Field(ge=0, le=100, description="percent, without refused votes")
    ]
    avg_latency_ms: Annotated[float | None, Field(ge=0)]
    last_latency_ms: Annotated[float | None, Field(ge=0)]
    secret: Secret


@dataclass(frozen=True)
class ErrorReply:
    """An error."""

    error: Annotated[str, Field(description="a code for programs")]
    message: Annotated[str, Field(description="a sentence for people")]
