"""Makes the start of a process cheap: what libraries load without need is loaded when it is used."""

import gc
import importlib
import sys
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
    """Leave what is loaded so far out of all later looks, since it lives as long as the process."""
    gc.collect()
    gc.freeze()
