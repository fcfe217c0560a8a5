"""Links as browsers read them: ada-url follows the WHATWG URL standard, as browsers do."""

import re
from dataclasses import dataclass
from functools import lru_cache

import ada_url

# Browsers also take "https:/\host", "https:host" and "https:///host". Nobody types those in good faith.
_BEGINNING = re.compile(r"https?://[^/\\]", re.IGNORECASE)
# The standard accepts any ASCII in a host that has no meaning in an address, such as "!" or ".".
_LABEL = re.compile(r"(?=[_-]*[a-z0-9])[a-z0-9_-]{1,63}")
_LONGEST_HOST = 253
_PUNYCODE = "xn--"


@dataclass(frozen=True, slots=True)
class Link:
    """A link that may be shown: its address, and the host that a browser opens for it.

    Letters beyond ASCII are in Punycode in both, so none passes for another one.
    """

    address: str
    host: str


@lru_cache(2_000)
def read_link(text: str) -> Link | None:
    """Return the link, or None if it is none: another scheme, no host, or with user information.

    User information is refused because it is mistaken for the host.
    """
    text = text.strip()
    try:
        found = ada_url.URL(text) if _BEGINNING.match(text) else None
    except ValueError:  # the standard's failure, or a half of a surrogate pair
        return None
    if found is None or found.username or found.password or found.port == "0":
        return None
    is_name = found.host_type == ada_url.HostType.DEFAULT
    if is_name and not _is_name(found.hostname.removesuffix(".")):
        return None
    return Link(found.href, found.hostname)


def _is_name(host: str) -> bool:
    """Return whether a host could be a name in the DNS."""
    return len(host) <= _LONGEST_HOST and all(map(_is_label, host.split(".")))


def _is_label(label: str) -> bool:
    if not _LABEL.fullmatch(label):
        return False
    # ada-url leaves Punycode that it cannot decode as it is; browsers refuse it.
    is_decodable = not ada_url.idna_to_unicode(label).startswith(_PUNYCODE)
    return is_decodable or not label.startswith(_PUNYCODE)
