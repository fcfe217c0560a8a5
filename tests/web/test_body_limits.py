"""Request bodies are limited in bytes, fields, parts and depth."""

import pytest

from app.web.body_limits import MAX_BODY_BYTES, MAX_FORM_FIELDS
from tests.support import client_of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def post(app, data: bytes, path="/login", **headers) -> int:
    return (await client_of(app).post(path, data=data, headers=headers)).status_code


@pytest.mark.parametrize(("fields", "status"), [(MAX_FORM_FIELDS, 422), (MAX_FORM_FIELDS + 1, 413)])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/x-url-encoded"])
async def test_the_number_of_fields_in_a_form_is_limited(free_app, fields, status, kind):
    assert await post(free_app, b"&".join([b"a=1"] * fields), **{"Content-Type": kind}) == status


@pytest.mark.parametrize(("parts", "status"), [(MAX_FORM_FIELDS - 1, 422), (MAX_FORM_FIELDS + 1, 413)])
async def test_the_number_of_parts_in_a_multipart_form_is_limited(free_app, parts, status):
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert await post(free_app, part * parts + b"--x--\r\n", **headers) == status


@pytest.mark.parametrize(("size", "status"), [(MAX_BODY_BYTES, 422), (MAX_BODY_BYTES + 1, 413)])
async def test_the_number_of_bytes_in_a_body_is_limited(free_app, size, status):
    assert await post(free_app, b"password=".ljust(size, b"x"), **FORM) == status


@pytest.mark.parametrize("data", [b"[" * 4000, b'{"a":' * 600, b'{"project_id":' + b"[" * 3000])
async def test_json_of_any_depth_is_refused_as_invalid(free_app, board, data):
    from app.accounts.commands import create_token

    settings = free_app.extensions["upvote"].settings
    token = await create_token(settings, (await board.user()).username)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    assert await post(free_app, data, "/api/votes", **headers) == 422
