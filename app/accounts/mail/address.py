"""Mail addresses: what is accepted as one."""

import re
from email.errors import MessageError
from email.headerregistry import Address

LONGEST = 254
# What browsers accept in <input type="email"> (HTML standard), with a dot in the host.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)


def is_address(text: str) -> bool:
    """Return whether a text is one plain address, to which a mail can be written.

    It has no name, spaces or line breaks. Browsers also accept a..b@c.de, which no mail can have.
    """
    if len(text) > LONGEST or not _ADDRESS.fullmatch(text):
        return False
    try:
        Address(addr_spec=text)
    except (ValueError, MessageError):
        return False
    return True
