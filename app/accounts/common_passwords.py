"""The passwords that people use most, which attackers try first: a list of the package zxcvbn."""

import asyncio
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path


async def is_common(password: str) -> bool:
    """Return whether a password, in lower case, is one of the most used ones."""
    return password in await asyncio.to_thread(_common_passwords)


@cache
def _common_passwords() -> frozenset[str]:
    """Read the list when it is first needed: 11,611 passwords of 8 characters or more.

    It takes 20 ms and 5 MB. Only the module with the list is loaded: all of zxcvbn would take 14 MB in
    each process.
    """
    package = find_spec("zxcvbn")
    assert package is not None
    assert package.submodule_search_locations is not None
    path = Path(package.submodule_search_locations[0]) / "frequency_lists.py"
    spec = spec_from_file_location("frequency_lists", path)
    assert spec is not None
    assert spec.loader is not None
    lists = module_from_spec(spec)
    spec.loader.exec_module(lists)
    return frozenset(each for each in lists.FREQUENCY_LISTS["passwords"] if len(each) >= 8)
