"""What a submitted project must look like."""

from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_TITLE = 120
LONGEST_URL = 2000
LONGEST_DESCRIPTION = 5000


@dataclass(frozen=True)
class Submission:
    title: str
    url: str | None
    description: str


def parse_submission(form: dict[str, str]) -> tuple[Submission, dict[str, str]]:
    """The submission and messages by field; it may be stored only when there are none."""
    submission = Submission(
        title=" ".join(_printable(form.get("title", "")).split()),
        url=_small_scheme(form.get("url", "").strip()) or None,
        description=_printable(form.get("description", "")).strip().replace("\r\n", "\n"),
    )
    checks = {
        "title": _title_error(submission.title),
        "url": _url_error(submission.url),
        "description": _description_error(submission.description),
    }
    return submission, {field: message for field, message in checks.items() if message}


def _printable(text: str) -> str:
    """Without NUL, which PostgreSQL cannot store."""
    return text.replace("\0", "")


def _small_scheme(url: str) -> str:
    """HTTPS:// is as good as https://; the database and the templates know the latter."""
    scheme, colon, rest = url.partition(":")
    return scheme.lower() + colon + rest


def _title_error(title: str) -> str | None:
    if not title:
        return "Give the project a title."
    if len(title) > LONGEST_TITLE:
        return f"A title has at most {LONGEST_TITLE} characters; this one has {len(title)}."
    return None


def _url_error(url: str | None) -> str | None:
    if url is None:
        return None
    message = "A link starts with https:// or http:// and names a host, like https://example.org."
    if len(url) > LONGEST_URL:
        return f"A link has at most {LONGEST_URL} characters; this one has {len(url)}."
    if any(character.isspace() or not character.isprintable() for character in url):
        return message
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return message
    return None if usable else message


def _description_error(description: str) -> str | None:
    if len(description) > LONGEST_DESCRIPTION:
        return (
            f"A description has at most {LONGEST_DESCRIPTION} characters; "
            f"this one has {len(description)}."
        )
    return None
