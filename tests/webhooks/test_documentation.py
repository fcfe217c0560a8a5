"""docs/webhooks.md is right: its code checks what we send, and it names every event."""

import re
import time
from pathlib import Path

from app.webhooks import TYPES
from app.webhooks.signing import new_secret, signed_headers

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()


def documented():
    """Return the function that the page shows."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict = {}
    exec(code, names)  # noqa: S102 (our own page)
    return names["is_from_the_board"]


def test_the_code_of_the_page_checks_signatures():
    secret, now, body = new_secret(), int(time.time()), b'{"type": "project.updated"}'
    headers = signed_headers(secret, "msg_1", now, body)
    check = documented()
    assert check(secret, headers, body)
    assert not check(new_secret(), headers, body)
    assert not check(secret, headers, body + b" ")
    assert not check(secret, headers | {"webhook-id": "msg_2"}, body)
    assert not check(secret, signed_headers(secret, "msg_1", now - 600, body), body)


def test_the_code_of_the_page_refuses_what_is_no_webhook():
    secret, now, body = new_secret(), int(time.time()), b"{}"
    headers, check = signed_headers(secret, "msg_1", now, body), documented()
    assert check(secret, {name.title(): value for name, value in headers.items()}, body)
    assert check(secret, headers, body)
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert not check(secret, {each: headers[each] for each in headers if each != name}, body)
    for sent in ("", "soon", "-1", "1.5", "²", "9" * 5000):
        assert not check(secret, headers | {"webhook-timestamp": sent}, body)
    assert not check(secret, headers | {"webhook-signature": "v1,ä"}, body)


def test_the_page_names_every_event():
    assert re.findall(r"^\| `([a-z.]+)` \|", PAGE, re.MULTILINE) == list(TYPES)
