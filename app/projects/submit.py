"""Submitting a project, by the form or by the API."""

from asyncpg import Connection
from werkzeug.exceptions import TooManyRequests

from app.accounts.attempts import attempt_to_submit
from app.accounts.idempotency.keys import (
    IdempotencyKey,
    KeyReused,
    creating_once,
    find_created,
    store_created,
)
from app.accounts.idempotency.queries import Created
from app.projects.edit.changes import note_submission
from app.projects.forms import Submission
from app.projects.frozen import require_submitting
from app.projects.queries import insert_project
from app.projects.search_terms.words import load_words
from app.services import services
from app.webhooks.events import write_submitted


async def submit(user_id: int, submission: Submission, key: IdempotencyKey | None) -> int:
    """Store a checked submission and return its project's id; for a repeated key that of the first one.

    Raises Frozen outside of the times for submitting, TooManyRequests if the account has submitted
    SUBMIT_LIMIT_MAX projects in the window, KeyReused, also if that project was deleted, and
    StillRunning.
    """
    if key and key.given and (created := await find_created(user_id, key)):
        return _project_of(created)  # does not count as an attempt
    if wait := await attempt_to_submit(user_id):
        message = f"You are submitting projects too fast. Try again in {wait} s."
        raise TooManyRequests(message, retry_after=wait)
    await load_words()
    if key is None:
        async with services().db.acquire() as db, db.transaction():
            return await _insert(db, user_id, submission)
    async with creating_once(user_id, key) as (db, created):
        if created is not None:
            return _project_of(created)
        project_id = await _insert(db, user_id, submission)
        await store_created(db, user_id, key, project_id=project_id)
        return project_id


def _project_of(created: Created) -> int:
    if created.deleted or created.project_id is None:
        raise KeyReused(created)
    return created.project_id


async def _insert(db: Connection, user_id: int, submission: Submission) -> int:
    phase = await require_submitting(db, user_id)
    project_id = await insert_project(
        db,
        user_id,
        submission.title,
        submission.url,
        submission.description,
        submission.track_id,
    )
    await note_submission(db, phase, user_id, project_id)
    await write_submitted(db, [project_id])
    return project_id
