"""Whether projects may be submitted, or votes cast, decided within the transaction that depends on it.

The transaction locks the times, so "close now" waits for it or it waits for "close now". The clock is
that of Redis, by which an admin's "now" was set.
"""

from dataclasses import replace

from asyncpg import Connection

from app.board import queries
from app.board.board import Board, Phase, phase_of


async def locked_submitting_phase(board: Board, db: Connection) -> Phase:
    """Return `Board.submitting_phase` by times that nobody changes before the transaction ends."""
    times = await queries.select_times_for_share(db)
    settings = replace(board.settings, **times)
    begin, end = settings.submit_from, settings.submitting_end
    return phase_of(await board.read_now(), begin, end) if begin or end else "open"


async def locked_voting_phase(board: Board, db: Connection) -> Phase:
    """Return `Board.voting_phase` by times that nobody changes before the transaction ends."""
    times = await queries.select_times_for_share(db)
    begin, end = times["vote_from"], times["vote_until"]
    return phase_of(await board.read_now(), begin, end) if begin or end else "open"
