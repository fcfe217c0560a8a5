"""Adds, renames and removes tracks. Each change is in the moderation log, or nothing has changed."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncpg import Connection

from app.board.board import Board
from app.board.change import next_revision
from app.board.queries import (
    insert_board_change,
    select_board_settings_for_update,
    update_board_settings,
)
from app.board.tracks import find_track, queries, unknown_track
from app.board.tracks.queries import CountedTrack
from app.texts import clean_line
from app.webhooks.events import write_updated

MOST_TRACKS = 50
LONGEST_NAME = 60
SLUG = "[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?"
NONE = "none"  # says that projects go into no track, so no track may have this slug


class BadTrack(Exception):
    """A change that was refused: the field that is wrong ("slug", "name" or "to"), and why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


async def add_track(board: Board, admin_id: int | None, slug: str, name: str) -> None:
    """Add a track; raises BadTrack. `admin_id` None: on the command line."""
    slug, name = clean_line(slug), _checked_name(name)
    if not re.fullmatch(SLUG, slug) or slug == NONE:
        raise BadTrack(
            "slug",
            "The short name of a track has 1 to 40 characters from a to z, 0 to 9 and -, "
            "and begins and ends with a letter or a digit. It cannot be “none”.",
        )
    async with _changing(board) as (db, tracks):
        if any(track.slug == slug for track in tracks):
            raise BadTrack("slug", f"There is a track {slug!r} already.")
        if len(tracks) >= MOST_TRACKS:
            raise BadTrack("slug", f"A board can have at most {MOST_TRACKS} tracks. Remove one first.")
        await queries.insert_track(db, slug, name)
        await insert_board_change(db, admin_id, f"track {slug}: added as {name}")


async def rename_track(board: Board, admin_id: int | None, slug: str, name: str) -> None:
    """Give a track another name, which people see; its address stays. Raises BadTrack."""
    name = _checked_name(name)
    async with _changing(board) as (db, tracks):
        track = _find(tracks, slug, "slug")
        if track.name != name:
            await queries.update_track_name(db, track.id, name)
            await insert_board_change(db, admin_id, f"track {slug}: {track.name} → {name}")


async def remove_track(board: Board, admin_id: int | None, slug: str, to: str = "") -> int:
    """Remove a track and return how many projects were moved.

    Its projects go to the track `to`, or to none if that is "none". Raises BadTrack, also if there are
    projects and `to` is empty.
    """
    async with _changing(board) as (db, tracks):
        track = _find(tracks, slug, "slug")
        target = None if to in ("", NONE) else _find(tracks, to, "to")
        if target == track:
            raise BadTrack("to", "Choose another track than the one that is removed.")
        await queries.lock_track(db, track.id)
        projects = _find(await queries.select_counted_tracks(db), slug, "slug").projects
        if projects and not to:
            raise BadTrack(
                "to",
                f"{'1 project is' if projects == 1 else f'{projects:,} projects are'} in the track "
                f"{slug!r}. Say where they go: to another track, or to none.",
            )
        moved_ids = await queries.update_track_of_projects(db, track.id, target.id if target else None)
        await queries.delete_track(db, track.id)
        await write_updated(db, moved_ids)
        moved = f", its projects go to {target.slug if target else NONE}" if projects else ""
        await insert_board_change(db, admin_id, f"track {slug}: removed{moved}")
        return projects


@asynccontextmanager
async def _changing(board: Board) -> AsyncIterator[tuple[Connection, list[CountedTrack]]]:
    """Let nobody else change the board meanwhile, and let every process learn of the change."""
    async with board.db.acquire() as db, db.transaction():
        stored = await select_board_settings_for_update(db)
        yield db, await queries.select_counted_tracks(db)
        revision = next_revision(stored, await board.read_now())
        await update_board_settings(db, revision, {})
        after = board.resolve(stored | {"revision": revision})
        tracks = await queries.select_tracks(db)
    board.learn(after, tracks)


def _find(tracks: list[CountedTrack], slug: str, field: str) -> CountedTrack:
    track = find_track(tracks, slug)
    if track is None:
        raise BadTrack(field, unknown_track(tracks, slug))
    return track


def _checked_name(name: str) -> str:
    name = clean_line(name)
    if not name:
        raise BadTrack("name", "Give the track a name that people see.")
    if len(name) > LONGEST_NAME:
        raise BadTrack("name", f"Use at most {LONGEST_NAME} characters. The name has {len(name)} now.")
    return name
