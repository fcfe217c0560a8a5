"""Making or updating a project under a key, for the site that the key belongs to.

The site's own things neither wait for the time for submitting nor count towards SUBMIT_LIMIT_MAX. What
an author could not submit or change now, or a change of another's project, is in the moderation log, as
every change by an admin is.
"""

from asyncpg import Connection
from werkzeug.exceptions import Forbidden

from app.accounts.queries import select_is_admin
from app.board.phases import locked_submitting_phase
from app.projects.by_key import queries
from app.projects.edit.changes import changes_of, edit_within, note_submission
from app.projects.edit.queries import select_texts_for_update
from app.projects.forms import Submission
from app.projects.queries import insert_project
from app.projects.search_terms.words import load_words
from app.services import Services
from app.web.bounded import Bounded
from app.webhooks.events import write_submitted

NOT_ADMIN = "Only an admin's token may do this, and the account of this one is no admin any more."
HIDDEN = "An admin has hidden the project with this key, so it was not changed. Show it again first."

# A site may send all its things at once. Beyond these few they wait here, without a connection to
# PostgreSQL, of which a process has ten: votes on cold projects and pages need them too.
putting = Bounded("Too many projects are sent at once.", at_once=3, waiting=100)


async def put_project(
    services: Services, user_id: int, key: str, submission: Submission
) -> tuple[int, bool]:
    """Make the project with this key, or update it; return its number and whether it was made.

    The same again changes nothing. A project that was deleted is made anew. Raises Forbidden unless the
    user is an admin, and for a hidden project; and Busy.
    """
    await load_words()
    async with putting, services.db.acquire() as db, db.transaction():
        if not await select_is_admin(db, user_id):
            raise Forbidden(NOT_ADMIN)
        # Lock the board's row first: the removal of a track locks it before projects.
        phase = await locked_submitting_phase(services.board, db)
        await queries.lock_key(db, key)
        found = await queries.select_keyed_for_update(db, key)
        if found is None:
            project_id = await _make(db, user_id, key, submission)
            await note_submission(db, phase, user_id, project_id)
            return project_id, True
        if found.hidden:
            raise Forbidden(HIDDEN)
        before = await select_texts_for_update(db, found.id)
        if before and changes_of(before, submission):
            await edit_within(db, services.board, user_id, found.id, submission, edited=True)
        return found.id, False


async def _make(db: Connection, user_id: int, key: str, new: Submission) -> int:
    project_id = await insert_project(
        db, user_id, new.title, new.url, new.description, new.track_id, key
    )
    await write_submitted(db, [project_id])
    return project_id
