"""The track that an address chooses: `?track=SLUG` of lists, feeds and the API."""

from quart import abort

from app.board.tracks import Track, find_track, unknown_track
from app.services import services


def chosen_track(slug: str | None) -> Track | None:
    """Return the track of this name, None for an empty one; answer 404 if there is no such track."""
    if not slug:
        return None
    tracks = services().board.tracks
    track = find_track(tracks, slug)
    if track is None:
        abort(404, unknown_track(tracks, slug))
    return track
