"""What the board's settings mean, in sentences for its organiser."""

from app.board.board import Board
from app.board.words import when

ENDED = "Votes can no longer be cast, changed or taken back."


def voting_words(board: Board) -> str:
    """Return when voting opens and ends: "… It ends Fri 27 Nov 2026 18:00 (in 3 hours)."."""
    begin, end = board.settings.vote_from, board.settings.vote_until
    match board.voting_phase():
        case "before":
            ends = f"It ends {when(board, end)}" if end else None
            return _sentences(f"Voting opens {when(board, begin)}", ends)
        case "open":
            return _sentences(
                "Voting is open", f"It ends {when(board, end)}" if end else "No end is set"
            )
        case "ended":
            return f"Voting ended {when(board, end)}. {ENDED}"


def submitting_words(board: Board) -> str:
    """Return when projects can be submitted, and edited and deleted by their authors."""
    settings = board.settings
    end = settings.submitting_end
    match board.submitting_phase():
        case "before":
            return f"Projects can be submitted from {when(board, settings.submit_from)}."
        case "open" if end:
            return f"Projects can be submitted, edited and deleted until {when(board, end)}."
        case "open":
            return "Projects can be submitted, edited and deleted. No end is set."
        case "ended":
            return (
                f"Submitting closed {when(board, end)}. Authors can neither edit nor delete; "
                f"admins can edit, and the moderation log says what they changed."
            )


def tallies_words(board: Board) -> str:
    """Return who sees the tallies."""
    settings = board.settings
    if settings.tallies == "public":
        return "Everybody sees the tallies."
    if settings.tallies == "after_reveal" and settings.revealed_at:
        if board.voting_phase() == "ended":
            return (
                "The results are revealed: everybody sees the tallies, also if voting is opened again."
            )
        return "The results are revealed: everybody sees the tallies while people vote."
    if not board.is_secret():
        return "The tallies were secret, and everybody sees them now."
    if settings.tallies == "after_voting":
        return f"Only admins see the tallies until voting ends, {when(board, settings.vote_until)}."
    return "Only admins see the tallies until an admin reveals them."


def budget_words(board: Board) -> str:
    """Return how many votes an account may have."""
    count = board.settings.budget
    if not count:
        return "An account may vote on any number of projects."
    return f"An account may have {count:,} vote{'' if count == 1 else 's'} at a time."


def state_words(board: Board) -> list[str]:
    return [voting_words(board), submitting_words(board), tallies_words(board), budget_words(board)]


def change_words(board: Board, keys: list[str]) -> str:
    """Return what a change of these keys means now."""
    words = [
        function(board)
        for function, concerned in (
            (voting_words, {"vote_from", "vote_until"}),
            (submitting_words, {"submit_from", "submit_until"}),
            (tallies_words, {"tallies"}),
            (budget_words, {"budget"}),
        )
        if concerned & set(keys)
    ]
    return " ".join(["Saved. The whole board obeys within a second.", *words])


def _sentences(*parts: str | None) -> str:
    return " ".join(f"{part}." for part in parts if part)
