"""The vote box: the data of the template voting/_vote_box.html, and the texts of refusals."""

from dataclasses import dataclass

from werkzeug.exceptions import Forbidden, HTTPException, TooManyRequests

from app.voting.votes import ShownState, Status, Tally, VoteResult

REFUSAL_TEXTS = {
    Status.OVER_PROJECT_LIMIT: "You are voting too fast.",
    Status.OVER_ACCOUNT_LIMIT: "You have cast too many votes.",
    Status.LOCKED: "Voting is locked.",
    Status.NO_DOWNVOTES: "Downvotes are off on this board.",
    Status.ACCOUNT_TOO_NEW: "Your account is too new to downvote.",
    Status.OWN_PROJECT: "You cannot vote on your own project.",
    Status.NOT_BEGUN: "Voting has not begun yet.",
    Status.ENDED: "Voting has ended.",
    Status.OVER_BUDGET: "You have used all your votes. Take one back first.",
}


@dataclass(frozen=True)
class VoteBox:
    """The buttons and score of one project as one user sees them."""

    project_id: int
    state: ShownState
    message: str = ""
    retry_after: int = 0  # whole seconds until a refused vote may be sent again; 0: no wait
    locked: bool = False  # nobody can vote on the project
    votes_left: int | None = None  # after a vote, on a board with a budget

    @property
    def value(self) -> int:
        return self.state.value

    @property
    def secret(self) -> bool:
        """Whether the reader may not see the tally."""
        return self.state.tally is None

    @property
    def tally(self) -> Tally:
        """The tally; zeros while it is secret."""
        return self.state.tally or Tally(0, 0, 0)


def vote_box_after(project_id: int, result: VoteResult, state: ShownState, reason: str) -> VoteBox:
    """Return the vote box after a vote: the state and, for a refused vote, the reason.

    `state` is what the voter may see of the result's state.
    """
    if result.status is Status.ACCEPTED:
        return VoteBox(project_id, state, votes_left=result.votes_left)
    return VoteBox(
        project_id,
        state,
        reason,
        result.retry_after if result.over_limit else 0,
        locked=result.status is Status.LOCKED,
        votes_left=result.votes_left,
    )


def refusal(result: VoteResult, message: str, too_many: str | None = None) -> HTTPException:
    """Return the error for a refused vote; `too_many` replaces the message of a limit."""
    if not result.over_limit:
        return Forbidden(message)
    message = too_many or f"{message} Try again in {result.retry_after} s."
    return TooManyRequests(message, retry_after=result.retry_after)
