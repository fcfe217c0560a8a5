"""Two people edit one project at a time: neither undoes what the other has saved."""

import html
import re

import pytest

from app.projects.edit import changes
from tests.support import client_of

FIELD = (
    r'<input [^>]*?name="{0}"[^>]*?value="([^"]*)"|<textarea [^>]*?name="{0}"[^>]*>\n(.*?)</textarea>'
)


class Editors:
    """The author and an admin, each with a page of the same state."""

    def __init__(self, app, db, project_id, author, admin) -> None:
        self.db, self.project_id, self.path = db, project_id, f"/projects/{project_id}/edit"
        self.author, self.admin = client_of(app, author), client_of(app, admin)

    async def form_of(self, client) -> dict[str, str]:
        return fields_of(await (await client.get(self.path)).get_data(as_text=True))

    async def save(self, client, form) -> tuple[int, str]:
        answer = await client.post(self.path, form=form)
        return answer.status_code, await answer.get_data(as_text=True)

    async def stored(self) -> tuple[str, str, str]:
        statement = "SELECT title, coalesce(url, ''), description FROM projects WHERE id = $1"
        return tuple(await self.db.fetchrow(statement, self.project_id))


def fields_of(page: str) -> dict[str, str]:
    form = page[page.index('/edit" novalidate') :]
    found = {}
    for name in ("marks", "title", "url", "description"):
        match = re.search(FIELD.format(name), form, re.DOTALL)
        found[name] = html.unescape(match[1] or match[2] or "")
    return found


@pytest.fixture
async def editors(app, board, db) -> Editors:
    author, admin = await board.user(), await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    project_id = await board.project(author)
    made = Editors(app, db, project_id, author, admin)
    text = {"title": "First", "url": "https://first.example/", "description": "One\r\n\r\nTwo"}
    assert (await made.save(made.author, text))[0] == 303
    return made


async def test_changes_of_different_fields_are_both_kept(editors):
    mine, theirs = [await editors.form_of(each) for each in (editors.author, editors.admin)]
    assert (await editors.save(editors.admin, theirs | {"title": "Corrected"}))[0] == 303
    sent = mine | {"description": "Three\r\n"}
    assert (await editors.save(editors.author, sent))[0] == 303
    assert await editors.stored() == ("Corrected", "https://first.example/", "Three")


async def test_a_field_that_both_change_is_shown_with_both_texts(editors):
    mine, theirs = [await editors.form_of(each) for each in (editors.author, editors.admin)]
    correction = {"title": "Corrected", "url": "https://other.example/"}
    assert (await editors.save(editors.admin, theirs | correction))[0] == 303
    status, page = await editors.save(editors.author, mine | {"title": "Mine", "description": "New"})
    assert status == 409
    assert "Title</a> is “<bdi>Corrected</bdi>” now" in page
    assert "Link</a> is “<bdi>https://other.example/</bdi>” now" in page
    assert "Description</a> is" not in page
    assert await editors.stored() == ("Corrected", "https://other.example/", "One\n\nTwo")
    again = fields_of(page)
    assert (again["title"], again["url"]) == ("Mine", "https://other.example/")
    assert (await editors.save(editors.author, again))[0] == 303
    assert await editors.stored() == ("Mine", "https://other.example/", "New")


async def test_the_same_change_by_both_is_no_conflict(editors):
    mine, theirs = [await editors.form_of(each) for each in (editors.author, editors.admin)]
    assert (await editors.save(editors.admin, theirs | {"title": "Corrected"}))[0] == 303
    assert (await editors.save(editors.author, mine | {"title": " Corrected"}))[0] == 303
    assert (await editors.stored())[0] == "Corrected"


async def test_a_change_between_reading_and_saving_is_a_conflict(editors, monkeypatch):
    mine, theirs = [await editors.form_of(each) for each in (editors.author, editors.admin)]
    edit = changes.edit_project

    async def overtaken(*arguments, **options):
        monkeypatch.undo()
        assert (await editors.save(editors.admin, theirs | {"title": "Corrected"}))[0] == 303
        return await edit(*arguments, **options)

    monkeypatch.setattr(changes, "edit_project", overtaken)
    status, page = await editors.save(editors.author, mine | {"title": "Mine"})
    assert (status, "Corrected</bdi>" in page) == (409, True)
    assert (await editors.stored())[0] == "Corrected"


async def test_a_form_without_marks_is_saved_as_before(editors):
    assert (await editors.save(editors.author, {"title": "Alone"}))[0] == 303
    assert await editors.stored() == ("Alone", "", "")
