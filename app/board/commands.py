"""Shows and changes the board's settings for `upvote board show`, `set` and `reveal`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from app.board import stored
from app.board.board import Board
from app.board.change import BadBoard, NothingSecret, change_board
from app.board.change import reveal as reveal_tallies
from app.board.queries import select_board_settings
from app.board.settings import KEYS, BoardSettings
from app.board.show import show_all
from app.errors import OperatorError, VotesUnavailable
from app.settings import Settings
from app.storage.connections import open_database, open_redis
from app.voting.function_caller import FunctionCaller
from app.voting.rules.functions import RuleFunctions


@asynccontextmanager
async def open_board(settings: Settings) -> AsyncIterator[Board]:
    """Open the board; raise an OperatorError for what the block raises."""
    redis = open_redis(settings)
    try:
        async with await open_database(settings) as db:
            yield Board(settings, db, RuleFunctions(FunctionCaller(redis), settings.vote_shards))
    except BadBoard as error:
        raise OperatorError(f"{error} Nothing has changed.") from None
    except VotesUnavailable as error:
        raise OperatorError(
            f"Redis does not answer ({error}), and votes depend on this setting: nothing has changed. "
            "Start it, or correct REDIS_URL"
        ) from None
    finally:
        await redis.aclose()


async def read_board(settings: Settings) -> BoardSettings:
    async with await open_database(settings) as db:
        return await stored.read_board(db, settings)


async def set_values(settings: Settings, values: Sequence[str]) -> list[str]:
    """Set each KEY=VALUE; return a line for each setting that has another value now."""
    texts = dict(_split(value) for value in values)
    async with open_board(settings) as board:
        before = board.resolve(await select_board_settings(board.db))
        after = await change_board(board, None, texts)
        shown = show_all(before)
        lines = [f"{key}={value}" for key, value in show_all(after).items() if value != shown[key]]
        if before.tallies == after.tallies and before.revealed_at and after.can_be_revealed:
            lines.append("The tallies were revealed, and are secret again.")
        return lines


async def reveal(settings: Settings) -> None:
    """Let everybody see the tallies; raise an OperatorError if none are secret until then."""
    async with open_board(settings) as board:
        try:
            await reveal_tallies(board, None)
        except NothingSecret as error:
            raise OperatorError(f"{error} {_what_holds(error.settings)}") from None


def _what_holds(settings: BoardSettings) -> str:
    """Return who sees the tallies of a board that has nothing to reveal, and what to do."""
    if settings.tallies == "after_voting":
        return (
            "With tallies=after_voting everybody sees them once voting has ended. "
            "To show them now: upvote board set tallies=public"
        )
    return (
        "Everybody sees them already. "
        "To keep them secret until you reveal them: upvote board set tallies=after_reveal"
    )


def _split(value: str) -> tuple[str, str]:
    key, equals, text = value.partition("=")
    if not equals or key not in KEYS:
        raise OperatorError(f"{value!r} is no KEY=VALUE. The keys are {', '.join(KEYS)}.")
    return key, text
