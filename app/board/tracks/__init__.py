"""Tracks: groups of projects that are ranked among themselves. A project is in one track or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class Track:
    id: int
    slug: str
    name: str


AnyTrack = TypeVar("AnyTrack", bound=Track)


def find_track(tracks: Sequence[AnyTrack], slug: str) -> AnyTrack | None:
    return next((track for track in tracks if track.slug == slug), None)


def unknown_track(tracks: Sequence[Track], slug: str) -> str:
    """Return the message for a track that does not exist, which names those that do."""
    if not tracks:
        return "This board has no tracks."
    return f"There is no track {slug!r}. Use one of: {', '.join(track.slug for track in tracks)}."
