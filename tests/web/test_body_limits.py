"""Request bodies are limited in bytes, fields, parts and depth."""

import pytest

from app.web.body_limits import (
    MAX_BODY_BYTES,
    MAX_FORM_FIELDS,
    MAX_RETURNED_AT_ONCE,
    MAX_RETURNED_BYTES,
    LimitedRequest,
)
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


@pytest.fixture
async def author(free_app, board):
    return client_of(free_app, await board.user())


async def send_long(client, description: str, **headers) -> tuple[int, str]:
    data = f"title=A+form+that+is+long&description={description}".encode()
    headers |= FORM | {"Content-Length": str(len(data))}
    answer = await client.post("/projects/new", data=data, headers=headers)
    return answer.status_code, await answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("size", "is_returned"), [(MAX_RETURNED_BYTES - 100, True), (MAX_RETURNED_BYTES, False)]
)
async def test_a_form_that_is_too_large_is_given_back_up_to_a_size(author, size, is_returned):
    status, page = await send_long(author, "x" * size)
    assert status == 413
    assert ("A form that is long" in page, "Send again" in page) == (is_returned, is_returned)


@pytest.mark.parametrize("other", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.test"}])
async def test_a_large_form_of_another_site_is_not_given_back(author, other):
    status, page = await send_long(author, "x" * 100_000, **other)
    assert status == 403
    assert "A form that is long" not in page


async def test_few_large_forms_are_read_at_once(author, monkeypatch):
    others = {LimitedRequest.__new__(LimitedRequest) for _ in range(MAX_RETURNED_AT_ONCE)}
    monkeypatch.setattr(LimitedRequest, "_returned", others)
    status, page = await send_long(author, "x" * 100_000)
    assert (status, "A form that is long" in page) == (413, False)
    others.pop()
    assert "A form that is long" in (await send_long(author, "x" * 100_000))[1]


async def test_a_large_form_is_forgotten_once_it_is_answered(author):
    for _ in range(2 * MAX_RETURNED_AT_ONCE):
        assert "A form that is long" in (await send_long(author, "x" * 100_000))[1]


async def test_a_large_form_whose_session_has_ended_is_given_back(free_app):
    status, page = await send_long(client_of(free_app), "x" * 100_000)
    assert (status, "A form that is long" in page) == (413, True)
