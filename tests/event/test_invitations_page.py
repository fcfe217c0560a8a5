"""/admin/invitations: admins make, show and revoke invitations; and the commands that do the same."""

import asyncio
import json
import re
import secrets
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from app.accounts.invitations import commands
from app.accounts.invitations.manage import BadInvitation, parse_invitation
from app.board.settings import BoardSettings
from app.commands import cli
from app.errors import OperatorError
from tests.accounts.hashing import quick_hashes
from tests.support import client_of

__all__ = ["quick_hashes"]

CODE = re.compile(r"/join/([0-9a-z]{24})")
KEY = re.compile(r'name="key" value="([^"]+)"')
UTC = BoardSettings().zone


async def make(app, admin, **form) -> tuple[int, str, str]:
    """Make an invitation; return the status, its page's path and the text of the answer or the page."""
    client = client_of(app, admin)
    answer = await client.post("/admin/invitations", form=form)
    path = answer.headers.get("Location", "")
    if path:
        page = await client.get(path)
        assert page.headers["Cache-Control"] == "no-store"
        return answer.status_code, path, await page.get_data(as_text=True)
    return answer.status_code, path, await answer.get_data(as_text=True)


async def join(app, code: str) -> int:
    form = {"username": f"j-{secrets.token_hex(5)}", "password": "correct horse"}
    return (await client_of(app).post(f"/join/{code}", form=form)).status_code


async def log(db, label: str) -> list[str]:
    rows = await db.fetch(
        "SELECT action, reason FROM moderation_actions WHERE reason LIKE $1 ORDER BY id", f"%{label}%"
    )
    return [f"{row['action']} {row['reason']}" for row in rows]


async def test_an_invitation_is_made_used_and_revoked(event, db):
    admin = await event.admin()
    await event.organise(timezone="Europe/Berlin")
    form = {"label": "The <jury>", "uses": "2", "until": "2199-07-01 18:00"}
    status, path, page = await make(event.app, admin, **form)
    assert status == 303
    code = CODE.search(page)[1]
    assert f"http://localhost/join/{code}" in page
    assert "The &lt;jury&gt;" in page
    assert "0 of 2 used, until" in page
    assert "<svg" in page
    assert await join(event.app, code) == 303
    client = client_of(event.app, admin)
    page = await (await client.get(path)).get_data(as_text=True)
    assert "1 of 2 used" in page
    assert re.search(r'href="/admin/people/j-[0-9a-f]+"', page)
    for _ in range(2):
        assert (await client.post(path, form={"action": "revoke"})).status_code == 303
    assert await join(event.app, code) == 403
    assert "revoked" in await (await client.get("/admin/invitations")).get_data(as_text=True)
    noted = await log(event.services.db, "The <jury>")
    assert noted == [
        "invite “The <jury>”: for 2 people, until 2199-07-01 18:00 +02:00",
        "revoke “The <jury>”: for 2 people, until 2199-07-01 18:00 +02:00; used 1 times",
    ]
    assert "made an invitation" in await (await client.get("/admin/audit")).get_data(as_text=True)
    assert code not in await (await client.get("/admin/audit")).get_data(as_text=True)


async def test_only_admins_see_invitations(event):
    _, path, _ = await make(event.app, await event.admin())
    for address in ("/admin/invitations", path):
        assert (await event.get(address, await event.board.user()))[0] == 403
        assert (await event.get(address))[0] == 303


async def test_the_same_form_sent_twice_makes_one(event):
    admin, form = await event.admin(), {"label": "Once", "key": "a key"}
    made = await asyncio.gather(*[make(event.app, admin, **form) for _ in range(3)])
    assert len({path for _, path, _ in made}) == 1


async def test_the_form_sent_again_with_other_words_asks_first(event):
    admin, form = await event.admin(), {"label": "First", "key": "a key"}
    await make(event.app, admin, **form)
    status, _, page = await make(event.app, admin, **form | {"label": "Second"})
    assert (status, "To make another one, send it again." in page) == (409, True)
    shown = {"label": "Second", "key": KEY.search(page)[1]}
    status, _, page = await make(event.app, admin, **shown)
    assert (status, "<bdi>Second</bdi>" in page) == (303, True)


async def test_a_mistake_is_said_at_its_field_and_loses_nothing(event):
    status, _, page = await make(
        event.app, await event.admin(), label="My label", uses="many", until="yesterday", admins="yes"
    )
    assert status == 422
    for words in (
        "My label",
        "between 1 and 100,000",
        "Give a time such as",
        'value="many"',
        "checked",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("field", "text"),
    [("uses", "0"), ("uses", "-1"), ("uses", "100001"), ("uses", "٥٥٥٥٥٥٥"), ("label", "x" * 81),
     ("until", "2020-01-01 10:00"), ("until", "soon")],
)  # fmt: skip
def test_bad_values_are_refused(field, text):
    texts = {"label": "", "uses": "1", "until": ""} | {field: text}
    with pytest.raises(BadInvitation) as refused:
        parse_invitation(*texts.values(), UTC, makes_admins=False)
    assert refused.value.errors.keys() == {field}


@pytest.mark.parametrize(
    ("text", "words"),
    [("2030-03-31 02:30", "no such time in Europe/Berlin"), ("2030-10-27 02:30", "comes twice"),
     ("1999-01-01 10:00", "between the years"), ("soon", "Give a time such as 2026-12-01 18:00, or")],
)  # fmt: skip
def test_an_end_that_cannot_be_is_refused_with_the_reason(text, words):
    zone = ZoneInfo("Europe/Berlin")
    with pytest.raises(BadInvitation, match=words):
        parse_invitation("", "1", text, zone, makes_admins=False)


async def test_the_export_says_with_which_invitation_an_account_was_made(event):
    _, _, page = await make(event.app, await event.admin(), label="Volunteers")
    client, name = client_of(event.app), f"j-{secrets.token_hex(5)}"
    form = {"username": name, "password": "correct horse"}
    await client.post(f"/join/{CODE.search(page)[1]}", form=form)
    export = json.loads(await (await client.get("/me/export.json")).get_data(as_text=True))
    assert [each["label"] for each in export["joined_with"]] == ["Volunteers"]
    await client.post("/me/settings/delete", form={"password": "correct horse"})
    found = (
        "SELECT count(*) FROM users JOIN invitations ON invitations.id = invitation_id WHERE label = $1"
    )
    assert await event.services.db.fetchval(found, "Volunteers") == 0


async def test_the_commands_make_list_and_revoke(event, monkeypatch):
    settings = event.services.settings.model_copy(update={"base_url": "https://board.example.org"})
    link = await commands.create(settings, "Judges", "3", "", makes_admins=True)
    assert link.startswith("https://board.example.org/join/")
    [row] = [row for row in await commands.list_invitations(settings) if row["link"] == link]
    assert (row["label"], row["uses"], row["used"], row["state"]) == ("Judges", 3, 0, "open")
    assert (row["admin"], row["made_by"]) == (True, None)
    assert await commands.revoke(settings, link)
    assert not await commands.revoke(settings, row["code"])
    assert await join(event.app, row["code"]) == 403
    with pytest.raises(OperatorError, match="upvote invite list"):
        await commands.revoke(settings, "0" * 24)
    with pytest.raises(OperatorError, match="between 1"):
        await commands.create(settings, "", "none", "", makes_admins=False)
    actions = [entry.split()[0] for entry in await log(event.services.db, "“Judges”: for 3 admins")]
    assert actions == ["invite", "revoke"]


def test_the_command_says_when_the_public_address_is_missing(monkeypatch):
    async def create(*arguments, **options):
        return "http://127.0.0.1:8000/join/x"

    monkeypatch.setattr(commands, "create", create)
    monkeypatch.delenv("BASE_URL", raising=False)
    monkeypatch.setenv("SECRET_KEY", "0123456789abcdef")
    result = CliRunner().invoke(cli, ["invite", "create"])
    assert result.stdout == "http://127.0.0.1:8000/join/x\n"
    assert "BASE_URL is not set." in result.stderr
