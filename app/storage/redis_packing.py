"""Commands for Redis are packed in C: redis-py 5 packs those of its asyncio clients in Python.

A batch of 64 votes has some 450 arguments, of which each took a microsecond.
"""

from typing import Any

import hiredis
from redis.asyncio.connection import AbstractConnection


class _Packed:
    """What makes a connection of redis-py pack in C."""

    def pack_command(self, *args: Any) -> list[bytes]:
        # Some names are two words, like FUNCTION LOAD, which the protocol wants apart.
        name, *others = args
        words = name.split() if isinstance(name, str) else (name,)
        return [hiredis.pack_command((*words, *others))]


def packed(connection_class: type[AbstractConnection]) -> type[AbstractConnection]:
    """A class of connections that differs from the given one in nothing but speed."""
    return type(f"Packed{connection_class.__name__}", (_Packed, connection_class), {})
