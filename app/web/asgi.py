"""Loose ASGI types, because Quart's own differ from one server to the next."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# A fast path that fails leaves its exception in the scope under this key, and Quart's route raises it.
FAILURE = "upvote.failure"
