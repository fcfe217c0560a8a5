"""Checks of the form that submits or edits a project."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.board.tracks import Track, find_track, unknown_track
from app.links import Link, read_link
from app.texts import clean_line, clean_paragraphs

LONGEST_TITLE = 120
LONGEST_URL = 2000
LONGEST_DESCRIPTION = 5000


@dataclass(frozen=True)
class Submission:
    title: str
    url: str | None
    description: str
    track: Track | None = None

    @property
    def track_id(self) -> int | None:
        return self.track.id if self.track else None

    @property
    def content(self) -> tuple[str | None, ...]:
        """Return what tells it from another submission."""
        texts = (self.title, self.url, self.description)
        return (*texts, self.track.slug) if self.track else texts


def parse_submission(
    form: dict[str, str], tracks: Sequence[Track] = ()
) -> tuple[Submission, dict[str, str]]:
    """Return the submission and the error messages by field; store it only if there are none.

    `tracks` are those of the board.
    """
    slug = form.get("track", "")
    given = form.get("url", "").strip()
    link = _read(given)
    submission = Submission(
        title=clean_field("title", form.get("title", "")),
        url=link.address if link else None,
        description=clean_field("description", form.get("description", "")),
        track=find_track(tracks, slug),
    )
    checks = {
        "title": _title_error(submission.title),
        "url": _url_error(given, link),
        "description": _description_error(submission.description),
        "track": unknown_track(tracks, slug) if slug and not submission.track else None,
    }
    return submission, {field: message for field, message in checks.items() if message}


def clean_field(name: str, text: str) -> str:
    """Return the text of a field as it is stored; a link that cannot be read as it was typed."""
    match name:
        case "title":
            return clean_line(text)
        case "description":
            return clean_paragraphs(text)
        case "url":
            link = _read(text.strip())
            return link.address if link else text.strip()
    return text


def _read(given: str) -> Link | None:
    return read_link(given) if len(given) <= LONGEST_URL else None


def _title_error(title: str) -> str | None:
    if not title:
        return "Give the project a title."
    if len(title) > LONGEST_TITLE:
        return f"Use at most {LONGEST_TITLE} characters for the title. It has {len(title)} now."
    return None


def _url_error(given: str, link: Link | None) -> str | None:
    """Return what is wrong with the link; browsers escape characters, which can make it too long."""
    longest = max(given, link.address if link else "", key=len)
    if len(longest) > LONGEST_URL:
        return f"Use a link of at most {LONGEST_URL} characters. It has {len(longest)} now."
    if given and link is None:
        return (
            "A link starts with https:// or http:// and names a host, like https://example.org, "
            "without a user name."
        )
    return None


def _description_error(description: str) -> str | None:
    if len(description) > LONGEST_DESCRIPTION:
        return (
            f"Use at most {LONGEST_DESCRIPTION} characters for the description. "
            f"It has {len(description)} now."
        )
    return None
