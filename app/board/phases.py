"""Whether projects may be submitted, or votes cast, decided within the transaction that depends on it.

The transaction locks the times, so "close now" waits for it or it waits for "close now". The clock is
that of Redis, by which an admin's "now" was set.
"""

from dataclasses import replace

from asyncpg import Connection

from app.board import queries
from app.board.board import Board, Phase, phase_of


async def submitting_within(board: Board, db: Connection) -> Phase:
    """Return whether projects may be submitted, edited and deleted by their authors."""
    times = await queries.select_times_for_share(db)
    settings = replace(board.settings, **times)
    begin, end = settings.submit_from, settings.submitting_end
    return phase_of(await board.read_now(), begin, end) if begin or end else "open"


async def voting_within(board: Board, db: Connection) -> Phase:
    """Return whether voting has begun and has not ended."""
    times = await queries.select_times_for_share(db)
    begin, end = times["vote_from"], times["vote_until"]
    return phase_of(await board.read_now(), begin, end) if begin or end else "open"
