"""Submitting a project, by the form or by the API."""

from werkzeug.exceptions import TooManyRequests

from app.accounts.attempts import attempt_to_submit
from app.projects.forms import Submission
from app.projects.queries import insert_project
from app.services import services


async def submit(user_id: int, submission: Submission) -> int:
    """Store a checked submission and return the project's id.

    Raises TooManyRequests if the account has submitted SUBMIT_LIMIT_MAX projects in the window.
    """
    if wait := await attempt_to_submit(user_id):
        message = f"You are submitting projects too fast. Try again in {wait} s."
        raise TooManyRequests(message, retry_after=wait)
    return await insert_project(
        services().db, user_id, submission.title, submission.url, submission.description
    )
