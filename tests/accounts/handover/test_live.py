"""A live stream that a token of another site opens."""

import json
import time

from app.voting.votes import Vote
from tests.accounts.handover.site import new_subject, signed
from tests.asgi_calls import ask
from tests.board.every_route import open_stream, read_stream


async def test_the_stream_of_a_site_s_user_has_that_user_s_votes(site_app, board):
    project_id, token = await board.project(), signed(sub=new_subject())
    headers = {"authorization": f"Bearer {token}"}
    body = json.dumps({"project_id": project_id, "vote_type": "up"}).encode()
    assert (await ask(site_app, "POST", "/api/votes", headers, body)).status == 200
    text = await read_stream(site_app, f"/live?projects={project_id}", headers)
    data = next(line[6:] for line in text.splitlines() if line.startswith("data: ["))
    assert json.loads(data)[0]["vote"] == 1


async def test_a_stream_ends_with_the_token_that_opened_it(site_app, board, batcher):
    project_id, exp = await board.project(), int(time.time()) + 60
    await batcher.cast(Vote(project_id, (await board.user()).id, 1))
    headers = {"authorization": f"Bearer {signed(sub=new_subject(), exp=exp)}"}
    async with open_stream(site_app, f"/live?projects={project_id}", headers) as text:
        await text(lambda got: "data: [" in got)
        streams = site_app.extensions["upvote_hub"]._streams
        [stream] = [each for each in streams if project_id in each.project_ids]
        assert stream.user.by_token
        assert exp <= stream.user.until < exp + 120  # clocks may differ


async def test_a_stream_with_an_expired_token_is_refused_with_the_reason(site_app, board):
    token = signed(sub=new_subject(), exp=int(time.time()) - 3600)
    path, headers = f"/live?projects={await board.project()}", {"authorization": f"Bearer {token}"}
    answer = await ask(site_app, "GET", path, headers)
    assert answer.status == 401
    assert "expired" in answer.body
