"""Addresses in odd spellings lead nowhere, and no answer to one tells what was typed."""

import pytest

from tests.asgi_calls import ask, with_middleware
from tests.fast_client import FastVotesApp, answers

ODD = ("//metrics", "/%6detrics", "/%2Fmetrics", "/metrics/", "/./metrics", "/metrics%2f", "///metrics")
ODD += ("/%72eadyz", "//healthz", "/projects//1?q=typed", "//users//x?q=typed", "/me//settings?q=typed")


@pytest.mark.parametrize("path", ODD)
@pytest.mark.parametrize("headers", [{}, {"accept-encoding": "gzip"}], ids=["plain", "gzip"])
async def test_an_address_has_one_spelling(app, capsys, path, headers):
    answer = await ask(with_middleware(app), "GET", path, headers)
    assert answer.status == 404
    assert "location" not in answer.headers
    assert "typed" not in capsys.readouterr().out


async def test_a_fragment_is_no_part_of_an_address(app):
    """A proxy may take it for a part of the path, and so not recognise the path."""
    client = FastVotesApp(app).connect()
    client.send(b"GET /metrics#x HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert await answers(client) == [b"400"]
