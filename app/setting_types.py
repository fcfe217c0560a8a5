"""The types of settings: each checks a value, and its message says what was expected."""

import re
from collections.abc import Callable
from email.utils import parseaddr
from ipaddress import ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

import ada_url
from pydantic import AfterValidator, BeforeValidator, Field

# The vote function and the limiter keep a time for each vote or attempt, up to the limit, and read them
# all at the next one.
MOST_COUNTED = 100_000


def _limit(number: int) -> int:
    """Return the limit; 0, which is none, for a number that is meant as none."""
    return number if number <= MOST_COUNTED else 0


Limit = Annotated[int, Field(ge=0, le=1_000_000_000), AfterValidator(_limit)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]


def _in_case(change: Callable[[str], str]) -> BeforeValidator:
    """Return a step that lets a word be written in any case."""
    return BeforeValidator(lambda text: change(text) if isinstance(text, str) else text)


LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], _in_case(str.upper)]
LogFormat = Annotated[Literal["text", "json"], _in_case(str.lower)]


def _check_database_url(url: str) -> str:
    return _check_url(url, ("postgresql", "postgres"), "postgresql://user:password@host:5432/name")


def _check_redis_url(url: str) -> str:
    return _check_url(url, ("redis", "rediss", "unix"), "redis://:password@host:6379/0")


def _check_url(url: str, schemes: tuple[str, ...], example: str) -> str:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError for a bad port
    except ValueError:
        raise ValueError(f"is not a URL such as {example}") from None
    if parts.scheme not in schemes or not (parts.netloc or parts.path or parts.query):
        raise ValueError(f"must look like {example}")
    return url


def _check_smtp_url(url: str) -> str:
    example = "smtp://user:password@mail.example.org:587"
    _check_url(url, ("smtp", "smtps"), example)
    if not urlsplit(url).hostname:
        raise ValueError(f"must look like {example}")
    return url


def _check_mail_from(text: str) -> str:
    """Return the sender, in which no other header can hide."""
    _, address = parseaddr(text)
    if not text.isprintable() or not re.fullmatch(r"[!-?A-~]+@[\w.-]+", address, re.ASCII):
        raise ValueError("must be an address such as board@example.org, or Board <board@example.org>")
    return text


def _check_base_url(text: str) -> str:
    """Return the address as browsers write it, without a slash at its end."""
    expected = "must look like https://board.example.org: http or https and a host, without a path"
    try:
        url = ada_url.URL(text.strip())
    except ValueError:
        raise ValueError(expected) from None
    more = url.username or url.password or url.search or url.hash or url.pathname != "/"
    if more or url.protocol not in ("http:", "https:"):
        raise ValueError(expected)
    return url.origin


_MUST_BE_ORIGINS = (
    "must be origins separated by commas, such as https://example.org, http://localhost:3000: "
    "http or https, a host, and a port if it is not the usual one"
)


def _check_origins(text: str) -> str:
    """Return the origins as browsers write them, separated by commas alone."""
    return ",".join(dict.fromkeys(_check_origin(part.strip()) for part in text.split(",")))


def _check_origin(text: str) -> str:
    if "*" in text:
        raise ValueError(
            "must name each origin: * would let every site use the board in its visitors' browsers"
        )
    try:
        url = ada_url.URL(text)
    except ValueError:
        raise ValueError(_MUST_BE_ORIGINS) from None
    plain = re.fullmatch(r"[a-z]+://[^/?#@\\\s]+", text, re.IGNORECASE)
    if plain is None or url.protocol not in ("http:", "https:"):
        raise ValueError(_MUST_BE_ORIGINS)
    return url.origin


LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def _check_issuer(text: str) -> str:
    """Return the issuer as it is: it is compared letter by letter with what the provider says."""
    expected = (
        "must be the provider's issuer, such as https://login.example.org: https "
        "(http only on this machine) and a host, without ? and #"
    )
    try:
        url = ada_url.URL(text)
    except ValueError:
        raise ValueError(expected) from None
    is_safe = url.protocol == "https:" or (url.protocol == "http:" and url.hostname in LOOPBACK)
    if (
        not is_safe
        or url.username
        or url.password
        or "?" in text
        or "#" in text
        or text != text.strip()
    ):
        raise ValueError(expected)
    return text


_KID = re.compile(r"[A-Za-z0-9._~-]{1,64}")
_FILE = re.compile(r"/|\.json$")
LEAST_SECRET_BYTES = 32  # as many as the signature has (RFC 7518, section 3.2)


def handover_pairs(text: str) -> dict[str, str] | None:
    """Return the secrets by kid; None if the text is the path of a file: it has a slash, or ends with
    .json. Raises ValueError.

    The message has no secret in it.
    """
    if text.startswith(("/", "./", "../", "~")) or (":" not in text and _FILE.search(text)):
        return None
    pairs: dict[str, str] = {}
    for part in filter(None, re.split(r"[,\s]+", text)):
        kid, colon, secret = part.partition(":")
        if not colon or not _KID.fullmatch(kid):
            raise ValueError(
                "must be kid:secret, several separated by commas, or the path of a file with public "
                "keys (JWK set), which has a / or ends with .json. A kid has 1 to 64 of the characters "
                "A-Z a-z 0-9 . _ ~ -"
            )
        if len(secret.encode()) < LEAST_SECRET_BYTES:
            raise ValueError(
                f"the secret of {kid} is too short: it needs {LEAST_SECRET_BYTES} bytes or more, as "
                "from openssl rand -hex 32"
            )
        if kid in pairs:
            raise ValueError(f"has two secrets with the kid {kid}")
        pairs[kid] = secret
    return pairs


def _check_handover_keys(text: str) -> str:
    handover_pairs(text.strip())
    return text.strip()


HandoverKeys = Annotated[str, AfterValidator(_check_handover_keys)]
SmtpUrl = Annotated[str, AfterValidator(_check_smtp_url)]
MailFrom = Annotated[str, AfterValidator(_check_mail_from)]
BaseUrl = Annotated[str, AfterValidator(_check_base_url)]
Origins = Annotated[str, AfterValidator(_check_origins)]
Issuer = Annotated[str, AfterValidator(_check_issuer)]
DatabaseUrl = Annotated[str, AfterValidator(_check_database_url)]
RedisUrl = Annotated[str, AfterValidator(_check_redis_url)]

# The sources that frame-ancestors in a Content-Security-Policy accepts: 'self', * or sites, separated
# by spaces.
_SITE = r"(?:'self'|\*|https?://[\w*.-]+(?::\d+)?)"


def _matching(pattern: str, expected: str) -> AfterValidator:
    """Return a check that names what was expected, where pydantic's own would show the pattern."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(expected)
        return text

    return AfterValidator(check)


Ancestors = Annotated[
    str,
    _matching(
        rf"{_SITE}(?: +{_SITE})*",
        "must be sites separated by spaces, such as https://example.org https://*.example.net, "
        "or 'self', or *",
    ),
]


def _check_networks(text: str) -> str:
    for part in filter(None, map(str.strip, text.split(","))):
        ip_network(part, strict=False)  # raises ValueError with the reason
    return text


Dsn = Annotated[
    str, _matching(r"https?://[^@/]+@.+", "must look like https://KEY@sentry.example.org/1")
]
# Host names or addresses, separated by commas, with or without a port.
Hosts = Annotated[
    str,
    _matching(
        r"[\w.:\[\]-]+(?: *, *[\w.:\[\]-]+)*",
        "must be host names separated by commas, such as board.example.org, localhost",
    ),
]
Networks = Annotated[str, AfterValidator(_check_networks)]
