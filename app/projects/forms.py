"""Checks of the form that submits or edits a project."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from app.texts import clean_line, clean_paragraphs

LONGEST_TITLE = 120
LONGEST_URL = 2000
LONGEST_DESCRIPTION = 5000


@dataclass(frozen=True)
class Submission:
    title: str
    url: str | None
    description: str


def parse_submission(form: dict[str, str]) -> tuple[Submission, dict[str, str]]:
    """Return the submission and the error messages by field; store it only if there are none."""
    submission = Submission(
        title=clean_line(form.get("title", "")),
        url=_lowercase_scheme(form.get("url", "").strip()) or None,
        description=clean_paragraphs(form.get("description", "")),
    )
    checks = {
        "title": _title_error(submission.title),
        "url": _url_error(submission.url),
        "description": _description_error(submission.description),
    }
    return submission, {field: message for field, message in checks.items() if message}


def _lowercase_scheme(url: str) -> str:
    """Return https:// for HTTPS://, since the database and the templates accept only lower case."""
    scheme, colon, rest = url.partition(":")
    return scheme.lower() + colon + rest


def _title_error(title: str) -> str | None:
    if not title:
        return "Give the project a title."
    if len(title) > LONGEST_TITLE:
        return f"Use at most {LONGEST_TITLE} characters for the title. It has {len(title)} now."
    return None


def _url_error(url: str | None) -> str | None:
    if url is None:
        return None
    message = "A link starts with https:// or http:// and names a host, like https://example.org."
    if len(url) > LONGEST_URL:
        return f"Use a link of at most {LONGEST_URL} characters. It has {len(url)} now."
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
            f"Use at most {LONGEST_DESCRIPTION} characters for the description. "
            f"It has {len(description)} now."
        )
    return None
