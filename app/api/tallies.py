"""GET /api/tallies: the tallies of up to 100 projects by their keys, for the buttons of one page."""

from typing import Annotated, Any

from pydantic import BaseModel, Field
from quart import Blueprint, Response, abort
from quart_schema import validate_querystring

from app.accounts.bearer import token_user_or_none
from app.api.description import answers
from app.api.reply import conditional_reply
from app.api.tally_shapes import TalliesReply, TallyReply
from app.api.voting_reply import voting_reply
from app.projects.by_key import EXPECTED, KEY
from app.projects.by_key.tallies import shown_tallies

blueprint = Blueprint("api_tallies", __name__)

MAX_KEYS = 100
LONGEST_LIST = 4_000  # so that it fits into an address
KEYS = f"{KEY.pattern}(,{KEY.pattern}){{0,{MAX_KEYS - 1}}}"


class TalliesQuery(BaseModel):
    keys: Annotated[
        str,
        Field(
            description=f"1 to {MAX_KEYS} keys, separated by commas",
            json_schema_extra={"pattern": f"^{KEYS}$", "maxLength": LONGEST_LIST},
        ),
    ]


@blueprint.get("/api/tallies")
@answers(TalliesReply, 304, 401, 422, 503, token="optional")
@validate_querystring(TalliesQuery)
async def read_tallies(query_args: Any) -> Response:
    """Return the live tallies of projects by their keys, in their order, and the times of voting.

    Without a token `vote_type` is null. Keys that name no visible project are listed as unknown.
    """
    user_id = await token_user_or_none()
    keys = _keys(query_args.keys)
    found = await shown_tallies(keys, user_id)
    unknown = set(keys).difference(each.key for each in found)
    return conditional_reply(
        TalliesReply(
            [TallyReply.of(each, user_id) for each in found],
            [key for key in keys if key in unknown],
            voting_reply(),
        )
    )


def _keys(text: str) -> list[str]:
    """Return the keys, each once; answer 422 to a bad one."""
    keys = list(dict.fromkeys(text.split(",")))
    if len(keys) > MAX_KEYS:
        abort(422, f"keys: ask for at most {MAX_KEYS} keys at once. These are {len(keys)}.")
    if bad := [key for key in keys if not KEY.fullmatch(key)]:
        abort(422, f"keys: “{bad[0][:200]}” is not a key. {EXPECTED}; separate keys with commas.")
    return keys
