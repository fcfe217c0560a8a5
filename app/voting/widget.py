"""The vote widget: what the template voting/_vote_box.html is drawn from."""

from dataclasses import dataclass

from app.voting.votes import Answer, Status, Tally

REFUSALS = {
    Status.OVER_PROJECT_LIMIT: "You are voting too fast.",
    Status.OVER_ACCOUNT_LIMIT: "You have voted on many projects in a short time.",
}


@dataclass(frozen=True)
class Widget:
    """One project's buttons and score as one user sees them; `value` is that user's vote."""

    project_id: int
    value: int
    tally: Tally
    message: str = ""
    retry_after: int = 0  # whole seconds until a refused vote can be accepted; 0: nothing to wait for


def answered_widget(project_id: int, answer: Answer) -> Widget:
    """The widget after a vote: the state that is true now, and why a vote was refused."""
    if answer.status is Status.ACCEPTED:
        return Widget(project_id, answer.value, answer.tally)
    message = REFUSALS[answer.status]
    return Widget(project_id, answer.value, answer.tally, message, answer.retry_after)


def refusal_message(answer: Answer) -> str:
    """Why the vote was refused and when it will not be."""
    return f"{REFUSALS[answer.status]} Try again in {answer.retry_after} s."
