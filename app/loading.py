"""Makes the start of a process cheap: what libraries load without need is loaded when it is used."""

import gc
import importlib
import sys
from functools import _lru_cache_wrapper
from types import ModuleType
from typing import Any

# redis-py loads it for the tokens of a cloud provider. With its cryptography and HTTP client it takes
# a seventh of the time that a command needs to start.
LATE = ("jwt",)


class LateModule(ModuleType):
    """Stands for a module until something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def load_late() -> None:
    """Load the modules of LATE only when they are used, unless they are loaded already."""
    for name in LATE:
        sys.modules.setdefault(name, LateModule(name))


def collect_seldom() -> None:
    """Look for garbage seldom: what loading makes stays, and looking took a fifth of each start."""
    gc.set_threshold(20_000, 50, 50)


def freeze_loaded() -> None:
    """Leave what is loaded so far out of all later looks, since it lives as long as the process.

    From now on looks are short: one at 20,000 new objects takes up to 20 ms, and votes wait for it.
    Looks at everything, which take 200 ms in a busy web process, stay as rare as they were.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 10, 2_500)


async def load_in_thread(*cached: "_lru_cache_wrapper[Any]") -> None:
    """Call functions with functools.cache that take long the first time; votes pass meanwhile."""
    import asyncio  # here, since the parent of the web processes needs none

    for load in cached:
        if not load.cache_info().currsize:
            await asyncio.to_thread(load)
