"""Announces to webhooks that voting has opened or closed, each time once."""

from datetime import datetime
from typing import Any

from app.board import queries
from app.board.board import Board, Phase, phase_of
from app.board.queries import Announced
from app.voting.rules import from_unix_ms
from app.webhooks import VOTING_CLOSED, VOTING_OPENED
from app.webhooks.events import write_voting


async def announce_voting(board: Board) -> None:
    """Write what has happened to voting since the last call, if anything; safe to repeat.

    Of two workers one writes it. The clock is that of Redis, by which votes are accepted; it is asked
    when this process' own idea of it says that there is something. Raises VotesUnavailable then.
    """
    view = board.settings.revision, board.voting_phase()
    announced = await queries.select_announced(board.db)
    if _is_announced(*announced, board.now()):
        board.announced = view
        return
    now = from_unix_ms((await board.rules.state(0)).now_ms)
    assert now is not None
    async with board.db.acquire() as db, db.transaction():
        times = await queries.select_times_for_share(db)
        before = await queries.select_announced_for_update(db)
        if _is_announced(before, times, now):
            return
        phase = phase_of(now, times["vote_from"], times["vote_until"])
        for kind in _news(before.phase, phase):
            await write_voting(db, kind, voting_data(times))
        await queries.update_announced(db, phase, times["vote_until"])


def may_announce(board: Board) -> bool:
    """Return whether voting may have opened or closed since the last call that found nothing new."""
    return board.announced != (board.settings.revision, board.voting_phase())


def voting_data(times: dict[str, Any]) -> dict[str, Any]:
    """Return what events about voting tell: no vote, and no number of votes."""
    return {"voting": {"from": times["vote_from"], "until": times["vote_until"]}}


def _is_announced(before: Announced, times: dict[str, Any], now: datetime) -> bool:
    """Return whether there is nothing new. Another end that has passed was another voting."""
    phase = phase_of(now, times["vote_from"], times["vote_until"])
    return phase == before.phase and (phase != "ended" or times["vote_until"] == before.vote_until)


def _news(before: Phase | None, phase: Phase) -> list[str]:
    """Return the events from one phase to the next, also where one was missed while no worker ran.

    A board that has announced nothing yet tells nothing of its past.
    """
    if before is None:
        return []
    opened = before != "open" and phase != "before"
    closed = phase != "open" and (opened or before == "open")
    return [VOTING_OPENED] * opened + [VOTING_CLOSED] * closed
