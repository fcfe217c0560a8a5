"""Links as browsers read them: ada-url follows the WHATWG URL standard, as browsers do."""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote

import ada_url

# Browsers also take "https:/\host", "https:host" and "https:///host". Nobody types those in good faith.
_BEGINNING = re.compile(r"https?://[^/\\]", re.IGNORECASE)
# The standard accepts any ASCII in a host that has no meaning in an address, such as "!" or ".".
_LABEL = re.compile(r"(?=[_-]*[a-z0-9])[a-z0-9_-]{1,63}")
_LONGEST_HOST = 253
_PUNYCODE = "xn--"

# Parameters that say how a reader came to the page, and never which page it is.
_TRACKING = re.compile(
    "utm_.*|mtm_.*|pk_(campaign|kwd|source|medium|content|cid)|_ga|_gl|gclid|gclsrc|dclid|gbraid|wbraid|srsltid"
    "|fbclid|igshid|igsh|msclkid|twclid|ttclid|li_fat_id|epik|yclid|ysclid|_openstat|rdt_cid|scclid"
    "|mc_[ce]id|mkt_tok|_hsenc|_hsmi|__hs(fp|sc|tc)|hsctatracking|vero_id|oly_(anon|enc)_id|wickedid|_branch_match_id",
    re.IGNORECASE,
)
_ESCAPED = re.compile("%([0-9a-f]{2})", re.IGNORECASE)
_UNRESERVED = re.compile("[A-Za-z0-9._~-]")
_RESERVED = "%:/?#[]@!$&'()*+,;="


@dataclass(frozen=True, slots=True)
class Link:
    """A link that may be shown: its address, and the host that a browser opens for it.

    Letters beyond ASCII are in Punycode in both, so none passes for another one.
    """

    address: str
    host: str

    @property
    def key(self) -> bytes:
        """Return what is the same for all links to one page, as far as that can be told from the text.

        Only scheme and host are compared without case. The scheme (http or https), "www.", a default
        port, a final dot of the host, final slashes of the path, tracking parameters and the section
        of the page do not count. A fragment that begins with "/" or "!" does: it names a page of an
        app.
        """
        return hashlib.sha256(_normal_form(ada_url.URL(self.address)).encode()).digest()[:16]


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


def link_key(text: str | None) -> bytes | None:
    """Return the key of the link that the text is, or None if it is none."""
    link = read_link(text) if text else None
    return link.key if link else None


def _normal_form(url: ada_url.URL) -> str:
    host = url.hostname.removesuffix(".")
    if "." in host.removeprefix("www."):
        host = host.removeprefix("www.")
    path = _escape_alike(url.pathname).rstrip("/")
    parameters = _escape_alike(url.search.removeprefix("?").replace("+", "%20")).split("&")
    query = "&".join(p for p in parameters if p and not _TRACKING.fullmatch(p.partition("=")[0]))
    fragment = _escape_alike(url.hash.removeprefix("#").partition(":~:")[0])
    page = fragment if fragment.startswith(("/", "!")) else ""
    return f"{host}:{url.port}{path}?{query}#{page}"


def _escape_alike(text: str) -> str:
    """Escape as RFC 3986 (6.2.2) recommends: "%7e" and "%7E" become "~", "|" becomes "%7C"."""
    return quote(_ESCAPED.sub(_unescape, text), safe=_RESERVED)


def _unescape(escaped: re.Match[str]) -> str:
    character = chr(int(escaped[1], 16))
    return character if _UNRESERVED.fullmatch(character) else escaped[0].upper()
