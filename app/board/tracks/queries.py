"""The SQL of tracks."""

from dataclasses import dataclass

from asyncpg import Connection, Pool

from app.board.tracks import Track


@dataclass(frozen=True)
class CountedTrack(Track):
    """A track, and how many projects are in it, hidden ones too."""

    projects: int


async def select_tracks(db: Pool | Connection) -> tuple[Track, ...]:
    """Return all tracks, by name."""
    rows = await db.fetch("SELECT id, slug, name FROM tracks ORDER BY lower(name), id")
    return tuple(Track(**row) for row in rows)


async def select_counted_tracks(db: Pool | Connection) -> list[CountedTrack]:
    """Return all tracks with the number of their projects, by name."""
    rows = await db.fetch(
        """
        SELECT id, slug, name, (
            SELECT count(*) FROM projects WHERE track_id = tracks.id AND deleted_at IS NULL
        ) AS projects
        FROM tracks ORDER BY lower(name), id
        """
    )
    return [CountedTrack(**row) for row in rows]


async def insert_track(db: Connection, slug: str, name: str) -> None:
    await db.execute("INSERT INTO tracks (slug, name) VALUES ($1, $2)", slug, name)


async def update_track_name(db: Connection, track_id: int, name: str) -> None:
    await db.execute("UPDATE tracks SET name = $2 WHERE id = $1", track_id, name)


async def lock_track(db: Connection, track_id: int) -> None:
    """Let nobody put another project into a track before the transaction ends."""
    await db.execute("SELECT FROM tracks WHERE id = $1 FOR UPDATE", track_id)


async def update_track_of_projects(db: Connection, track_id: int, to: int | None) -> list[int]:
    """Put all projects of a track into another one or into none, and return them."""
    rows = await db.fetch(
        "UPDATE projects SET track_id = $2 WHERE track_id = $1 RETURNING id", track_id, to
    )
    return [row["id"] for row in rows]


async def delete_track(db: Connection, track_id: int) -> None:
    await db.execute("DELETE FROM tracks WHERE id = $1", track_id)
