"""Mail addresses: what is accepted as one."""

import re

LONGEST = 254
# What browsers accept in <input type="email"> (HTML standard), with a dot in the host.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)


def is_address(text: str) -> bool:
    """Return whether a text is one plain address: without a name, spaces or line breaks."""
    return len(text) <= LONGEST and bool(_ADDRESS.fullmatch(text))
