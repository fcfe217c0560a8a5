"""Encode Redis commands in C (hiredis), since the asyncio clients of redis-py 5 do it in Python.

A batch of 64 votes has about 450 arguments, and each took about 1 µs to encode in Python.
"""

from typing import Any

import hiredis
from redis.asyncio.connection import AbstractConnection


class _PacksInC:
    """A mixin that makes a connection of redis-py encode its commands in C."""

    def pack_command(self, *args: Any) -> list[bytes]:
        # Some command names are two words, like FUNCTION LOAD; the protocol needs them as two
        # arguments.
        name, *others = args
        words = name.split() if isinstance(name, str) else (name,)
        return [hiredis.pack_command((*words, *others))]


def with_c_packing(connection_class: type[AbstractConnection]) -> type[AbstractConnection]:
    """Return a subclass that behaves like the given connection class and encodes commands faster."""
    return type(f"CPacking{connection_class.__name__}", (_PacksInC, connection_class), {})
