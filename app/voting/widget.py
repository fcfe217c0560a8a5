"""The vote widget: what the template voting/_vote_box.html is drawn from."""

from dataclasses import dataclass

from app.voting.votes import Answer, Status, Tally


@dataclass(frozen=True)
class Widget:
    """One project's buttons and score as one user sees them; `value` is that user's vote."""

    project_id: int
    value: int
    tally: Tally
    message: str = ""


def answered_widget(project_id: int, answer: Answer) -> Widget:
    """The widget after a vote: the state that is true now, and why a vote was refused."""
    message = "" if answer.status is Status.ACCEPTED else refusal_message(answer)
    return Widget(project_id, answer.value, answer.tally, message)


def refusal_message(answer: Answer) -> str:
    """Why the vote was refused and when it will not be."""
    again = f"Try again in {answer.retry_after} s."
    if answer.status is Status.OVER_ACCOUNT_LIMIT:
        return f"You have voted on many projects in a short time. {again}"
    return f"You are voting too fast. {again}"
