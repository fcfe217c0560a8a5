"""Requests that a test sends to the fast path and to Quart, and answers that it can compare."""

import re

from tests.asgi_calls import FORM as ENCODED
from tests.asgi_calls import Response, ask

FORM = {**ENCODED, "hx-request": "true"}


async def request(app, path, body, headers, method="POST", query=b"") -> Response:
    """Send a request and return the answer."""
    return await ask(app, method, f"{path}?{query.decode()}", headers, body)


async def make_project(board) -> int:
    """Make a project whose ID cannot be mistaken for a vote or a version."""
    while (project_id := await board.project()) < 100:
        pass
    return project_id


def without_project_id(got: Response, project_id: int) -> tuple[int, dict[str, str], str]:
    """Return status, headers and body with the project ID replaced by P."""
    number = re.compile(rf"(?<=[-/F]){project_id}\b")
    headers = {n: number.sub("P", v) for n, v in got.headers.items() if n != "content-length"}
    return got.status, headers, number.sub("P", got.body)
