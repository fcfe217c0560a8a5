"""Changes the board's settings: all values of one change or none."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.board import queries
from app.board.board import Board
from app.board.logo import TYPE, digest_of
from app.board.parse import BadValue, parse_value
from app.board.settings import BoardSettings
from app.board.show import show_value
from app.errors import ChangedMeanwhile
from app.voting.rules import from_unix_ms, unix_ms, vote_rules
from app.voting.rules.publish import apply_rules, publish_rules

# Votes depend on these, so Redis must answer.
VOTE_KEYS = ("vote_from", "vote_until", "downvotes", "self_votes", "budget", "tallies")
NAMES = {"submit": "Submitting", "vote": "Voting"}
NOTHING_SECRET = "There is nothing to reveal: no tallies are kept secret until an admin reveals them."


class BadBoard(Exception):
    """Values that were refused, with a message for each key; nothing has changed."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {message}" for key, message in errors.items()))
        self.errors = errors


class NothingSecret(Exception):
    """No tallies are secret until an admin reveals them; nothing has changed."""

    def __init__(self, settings: BoardSettings) -> None:
        super().__init__(NOTHING_SECRET)
        self.settings = settings


async def change_board(
    board: Board, admin_id: int | None, texts: Mapping[str, str], *, made_from: int | None = None
) -> BoardSettings:
    """Set the keys to the values that these texts give, and return the new settings.

    An empty text restores the default. "after_reveal" as `tallies` keeps revealed tallies secret again.
    The change is noted in the moderation log.

    Every process obeys within FOLLOW_SECONDS, and votes at once. `admin_id` None: on the command line.
    Raises BadBoard, and VotesUnavailable if Redis is away and votes depend on a key; nothing changes.
    Raises ChangedMeanwhile if `made_from` is given and is not the revision that is changed.
    """
    async with board.db.acquire() as db, db.transaction():
        stored = await queries.select_board_settings_for_update(db)
        if made_from is not None and made_from != stored["revision"]:
            raise ChangedMeanwhile
        before = board.resolve(stored)
        now = await board.read_now()
        values = _parse(texts, before, now)
        if values.get("tallies") == "after_reveal":
            values["revealed_at"] = None
        after = board.resolve(stored | values)
        if errors := await _contradictions(board, before, after):
            raise BadBoard(errors)
        values = {key: values[key] for key in values if getattr(before, key) != getattr(after, key)}
        if values:
            after = await _store(board, db, admin_id, stored, values, now)
    if _needs_redis(values):
        await publish_rules(board.db, board.rules)  # Redis may have been emptied before the commit
    board.learn(after)
    return after


async def reveal(board: Board, admin_id: int | None) -> None:
    """Let everybody see the tallies of a board that keeps them secret until they are revealed.

    Raises NothingSecret on any other board.
    """
    async with board.db.acquire() as db, db.transaction():
        stored = await queries.select_board_settings_for_update(db)
        before = board.resolve(stored)
        if not before.can_be_revealed:
            raise NothingSecret(before)
        now = await board.read_now()
        after = await _store(board, db, admin_id, stored, {"revealed_at": now}, now)
    board.learn(after)


async def set_logo(board: Board, admin_id: int, picture: bytes | None) -> None:
    """Store a picture that read_picture returned as the logo, or remove the logo."""
    digest = digest_of(picture) if picture else None
    async with board.db.acquire() as db, db.transaction():
        stored = await queries.select_board_settings_for_update(db)
        if digest and picture:
            await queries.insert_logo(db, digest, TYPE, picture)
        await queries.delete_other_logos(db, digest)
        now = await board.read_now()
        after = await _store(board, db, admin_id, stored, {"logo": digest}, now)
    board.learn(after)


async def _store(
    board: Board,
    db: Any,
    admin_id: int | None,
    stored: dict[str, Any],
    values: dict[str, Any],
    now: datetime,
) -> BoardSettings:
    before = board.resolve(stored)
    revision = next_revision(stored, now)
    new = stored | values | {"revision": revision}
    if _needs_redis(values):
        values |= await _apply(board, new, ends_anew="vote_until" in values)
        new |= values
    after = board.resolve(new)
    await queries.update_board_settings(db, revision, values)
    for key in values:
        text = f"{key}: {show_value(before, key) or 'none'} → {show_value(after, key) or 'none'}"
        await queries.insert_board_change(db, admin_id, text)
    return after


def _needs_redis(values: Mapping[str, Any]) -> bool:
    """Return whether votes depend on these values, or tallies are secret again by them."""
    return any(key in VOTE_KEYS or (key == "revealed_at" and not values[key]) for key in values)


def next_revision(stored: Mapping[str, Any], now: datetime) -> int:
    """Return a later revision than any that was given out, also before PostgreSQL went back in time."""
    return max(stored["revision"] + 1, unix_ms(now))


async def _apply(board: Board, new: dict[str, Any], *, ends_anew: bool) -> dict[str, Any]:
    keys = ("revision", "revealed_at", *VOTE_KEYS)
    rules = vote_rules(**{key: new[key] for key in keys})
    applied = await apply_rules(board.rules, rules, ends_anew=ends_anew)
    return {} if applied == rules else {"vote_until": from_unix_ms(applied.until_ms)}


def _parse(texts: Mapping[str, str], before: BoardSettings, now: datetime) -> dict[str, Any]:
    """Return the values by key, those of the other keys in the time zone that is among them."""
    values, errors = dict[str, Any](), dict[str, str]()
    for key, text in sorted(texts.items(), key=lambda item: item[0] != "timezone"):
        try:
            values[key] = parse_value(key, text, before, now)
        except BadValue as error:
            errors[key] = str(error)
        if key == "timezone" and key not in errors:
            before = replace(before, timezone=values[key] or "UTC")
    if errors:
        raise BadBoard(errors)
    return values


async def _contradictions(board: Board, before: BoardSettings, after: BoardSettings) -> dict[str, str]:
    """Return what is wrong with values that are right one by one."""
    errors = {}
    for kind, name in NAMES.items():
        begin, end = getattr(after, f"{kind}_from"), getattr(after, f"{kind}_until")
        if begin and end and begin >= end:
            key = f"{kind}_until" if end != getattr(before, f"{kind}_until") else f"{kind}_from"
            errors[key] = f"{name} would end before it begins."
    if after.budget and await board.rules.is_divided():
        errors["budget"] = (
            "A budget needs all votes of an account in one place: not on a Cluster of several shards. "
            "Set VOTE_SHARDS=1."
        )
    if after.tallies == "after_voting" and not after.vote_until:
        errors["tallies"] = (
            "Set the end of voting (vote_until) too, or the tallies would stay secret for ever."
        )
    return errors
