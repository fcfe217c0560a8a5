"""The vote widget: what the template voting/_vote_box.html is drawn from."""

from dataclasses import dataclass

from werkzeug.exceptions import Forbidden, HTTPException, TooManyRequests

from app.voting.votes import Status, Tally, VoteResult

REFUSALS = {
    Status.OVER_PROJECT_LIMIT: "You are voting too fast.",
    Status.OVER_ACCOUNT_LIMIT: "You have voted on many projects in a short time.",
    Status.LOCKED: "Voting is locked.",
    Status.NO_DOWNVOTES: "There are no downvotes on this board.",
    Status.ACCOUNT_TOO_NEW: "Your account is too new for downvotes.",
    Status.OWN_PROJECT: "One cannot vote on one's own project here.",
}


@dataclass(frozen=True)
class Widget:
    """One project's buttons and score as one user sees them; `value` is that user's vote."""

    project_id: int
    value: int
    tally: Tally
    message: str = ""
    retry_after: int = 0  # whole seconds until a refused vote can be accepted; 0: nothing to wait for
    locked: bool = False  # nobody can vote on it


def answered_widget(project_id: int, answer: VoteResult) -> Widget:
    """The widget after a vote: the state that is true now, and why a vote was refused."""
    if answer.status is Status.ACCEPTED:
        return Widget(project_id, answer.value, answer.tally)
    return Widget(
        project_id,
        answer.value,
        answer.tally,
        REFUSALS[answer.status],
        answer.retry_after if answer.over_limit else 0,
        locked=answer.status is Status.LOCKED,
    )


def refusal(answer: VoteResult, too_many: str | None = None) -> HTTPException:
    """Why the vote was refused; `too_many` stands in for what a limit says."""
    message = REFUSALS[answer.status]
    if not answer.over_limit:
        return Forbidden(message)
    message = too_many or f"{message} Try again in {answer.retry_after} s."
    return TooManyRequests(message, retry_after=answer.retry_after)
