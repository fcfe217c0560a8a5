"""Changes of a project by its author, and corrections by admins, which are in the moderation log."""

from asyncpg import Connection

from app.accounts.queries import select_is_admin
from app.board.board import Board, Phase
from app.board.phases import locked_submitting_phase
from app.errors import ChangedMeanwhile
from app.projects.edit import queries
from app.projects.forms import Submission
from app.projects.search_terms.words import load_words
from app.services import Services
from app.voting.closing import publish_closed
from app.webhooks.events import write_removed, write_updated

LONGEST_REASON = 10_000
# As the form has them; see app/web/form_marks.py.
Texts = dict[str, str]
FIELDS = {"title": "title", "url": "link", "description": "description", "track": "track"}


async def edit_project(
    services: Services,
    user_id: int,
    project_id: int,
    new: Submission,
    *,
    edited: bool,
    made_from: Texts | None = None,
) -> bool:
    """Change what a project says; return False if this user may not do that now.

    Its author may while submitting is open and the project is not closed; admins may at any time.
    Raises ChangedMeanwhile if the project says something else than `made_from` by now.
    """
    await load_words()
    async with services.db.acquire() as db, db.transaction():
        return await edit_within(
            db, services.board, user_id, project_id, new, edited=edited, made_from=made_from
        )


async def edit_within(
    db: Connection,
    board: Board,
    user_id: int,
    project_id: int,
    new: Submission,
    *,
    edited: bool,
    made_from: Texts | None = None,
) -> bool:
    """As `edit_project`, in the transaction of `db`."""
    phase = await locked_submitting_phase(board, db)
    if made_from and await _texts_now(db, project_id) not in (made_from, None):
        raise ChangedMeanwhile
    if phase == "open" and await queries.update_project(db, project_id, user_id, new, edited=edited):
        if edited:
            await write_updated(db, [project_id])
        return True
    return await select_is_admin(db, user_id) and await _correct(db, user_id, project_id, new)


async def _texts_now(db: Connection, project_id: int) -> Texts | None:
    """Return what the form would show, which nobody else changes until the transaction ends."""
    stored = await queries.select_texts_for_update(db, project_id)
    return stored and {**{field: stored[field] for field in FIELDS}, "track": stored["slug"]}


async def _correct(db: Connection, admin_id: int, project_id: int, new: Submission) -> bool:
    before = await queries.select_texts_for_update(db, project_id)
    if before is None:
        return False
    if changes := changes_of(before, new):
        await queries.insert_correction(db, admin_id, "edit", project_id, changes)
        await queries.update_project(db, project_id, None, new, edited=True)
        await write_updated(db, [project_id])
    return True


def changes_of(before: dict[str, str], new: Submission) -> str:
    """Return each field that changes with its text before and after; "" for none."""
    track = new.track.name if new.track else ""
    after = {"title": new.title, "url": new.url or "", "description": new.description, "track": track}
    changes = [
        f"{name}: “{before[field]}” → “{after[field]}”"
        for field, name in FIELDS.items()
        if before[field] != after[field]
    ]
    return "\n".join(changes)[:LONGEST_REASON]


async def note_submission(db: Connection, phase: Phase, admin_id: int, project_id: int) -> None:
    """Note in the moderation log what an admin has submitted while nobody else could."""
    if phase != "open":
        reason = "Submitted while submitting was not open."
        await queries.insert_correction(db, admin_id, "submit", project_id, reason)


async def delete_project(services: Services, user_id: int, project_id: int) -> bool:
    """Delete a project of this user, whose votes return to the voters' budget.

    Return False if the user may not do that now: submitting is not open, or the project is locked. An
    admin may, and then it is in the moderation log.
    """
    async with services.db.acquire() as db, db.transaction():
        phase = await locked_submitting_phase(services.board, db)
        deleted = phase == "open" and await queries.delete_project(
            db, project_id, user_id, though_locked=False
        )
        if (
            not deleted
            and await select_is_admin(db, user_id)
            and await queries.select_texts_for_update(db, project_id)
        ):
            reason = "An admin's own project, deleted though authors may not."
            await queries.insert_correction(db, user_id, "delete", project_id, reason)
            deleted = await queries.delete_project(db, project_id, user_id, though_locked=True)
        if deleted:
            await write_removed(db, [project_id], "deleted")
    if deleted:
        await publish_closed(services.db, services.functions, project_id)
    return deleted
