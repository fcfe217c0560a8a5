"""Many accounts are suspended and their votes taken out, after a page that says what will happen."""

import re
from urllib.parse import urlencode

import pytest

from app.accounts import withdrawals
from app.accounts.settings.only_admin import OnlyAdmin
from app.moderation import actions, odd
from app.moderation.many.queries import select_batches
from app.operations.finish import finish_voting
from app.operations.verify.verify import verify
from app.web.body_limits import MAX_BODY_BYTES
from tests.event.own_event import event, event_board
from tests.moderation.admin_pages import act
from tests.moderation.odd_board import cast, crowd, forget_accounts
from tests.support import client_of

__all__ = ["event", "event_board"]

FINDING = re.compile(r'href="(/admin/suspensions/new\?finding=[^"]+)"')
ACCOUNTS = re.compile(r'name="accounts" value="([\d,]+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CHANGE = re.compile(r"([\d,−]+) → <strong>([\d,−]+)</strong>")


@pytest.fixture(autouse=True)
def no_waits(monkeypatch):
    monkeypatch.setattr(withdrawals, "GRACE_SECONDS", -1)
    monkeypatch.setattr("app.operations.verify.verify.RECHECK_WAITS", (0.0, 0.0))


class Desk:
    """An admin at the desk of a board with a stuffed ballot: 30 votes beside 5 honest ones."""

    def __init__(self, event) -> None:
        self.event, self.services = event, event.services

    async def begin(self):
        await forget_accounts(self.event)
        self.admin = await self.event.admin()
        self.client = client_of(self.event.app, self.admin)
        self.target = await self.event.project("Stuffed", 1, 1, 1, 1, 1)
        self.other = await self.event.project("Honest", 1, 1, 1, 1, 1, 1)
        await self.event.execute("UPDATE users SET created_at = '2020-01-01'")
        self.stuffers = await crowd(self.event, 30, minutes=4)
        await cast(self.event, self.target, self.stuffers)
        await self.services.persist_events()
        await self.services.sync.run()
        return self

    async def page(self, path):
        return await (await self.client.get(path)).get_data(as_text=True)

    async def suspend(self, ids, **fields):
        form = {"accounts": ",".join(map(str, ids)), "reason": "Stuffed", **fields}
        return await self.client.post("/admin/suspensions", form=form)

    async def work(self):
        """Do what the worker does, until no withdrawal is left."""
        for _ in range(3):
            await withdrawals.run_withdrawals(self.services)
            await self.services.persist_events()
        await self.services.sync.run()

    async def scores(self):
        rows = re.findall(r"(?m)^\d+,\d+,(\w+),.*?,(-?\d+),\d+\r?$", await self.page("/results.csv"))
        return {title: int(score) for title, score in rows}

    async def suspended(self):
        rows = await self.services.db.fetch("SELECT id FROM users WHERE suspended_at IS NOT NULL")
        return {row["id"] for row in rows}


@pytest.fixture
async def desk(event):
    yield await Desk(event).begin()
    await event.execute("UPDATE users SET suspended_at = NULL")
    await event.execute("DELETE FROM withdrawals")


async def test_a_ballot_is_stuffed(desk):
    """It is found, and taken out, and all numbers are right."""
    await desk.event.organise(vote_until="now")
    await desk.services.persist_events()
    await finish_voting(desk.services)
    assert await desk.scores() == {"Stuffed": 35, "Honest": 6}
    await odd.find_odd_votes(desk.services)
    [address] = FINDING.findall(await desk.page("/admin/odd"))
    preview = await desk.page(address)
    assert "30 accounts will be suspended, and 30 votes of 30 accounts" in preview
    assert CHANGE.findall(preview) == [("35", "5")]
    assert "the results change" in preview
    assert await desk.suspended() == set()  # nothing has happened yet
    ids = ACCOUNTS.search(preview)[1].split(",")
    assert (await desk.suspend(ids)).headers["Location"] == "/admin/withdrawals"
    progress = await desk.page("/admin/withdrawals")
    assert "0 of 30 votes taken out so far" in progress
    assert "Nothing looks odd" in await desk.page("/admin/odd")
    await desk.work()
    assert "30 votes of 30 accounts: done" in await desk.page("/admin/withdrawals")
    assert await desk.scores() == {"Honest": 6, "Stuffed": 5}
    await odd.find_odd_votes(desk.services)
    assert "Nothing looks odd" in await desk.page("/admin/odd")
    assert (await verify(desk.services)).findings == []
    await finish_voting(desk.services)
    assert "Final." in await desk.page("/results")
    log = await desk.page("/admin/audit")
    assert len(re.findall(r"removed the votes of|suspended", log)) == 50  # of 60, on the first page
    for user in desk.stuffers[:2]:  # the votes stay out
        await actions.unsuspend(desk.services, desk.admin.id, user.id, "Sorry")
    await desk.work()
    assert await desk.scores() == {"Honest": 6, "Stuffed": 5}
    assert (await verify(desk.services)).findings == []


async def test_a_second_press_changes_nothing(desk):
    ids = [user.id for user in desk.stuffers]
    await desk.suspend(ids)
    before = await select_batches(desk.services.db, 9)
    await desk.suspend(ids)
    assert "this had already been done" in await desk.page("/admin/withdrawals")
    assert await select_batches(desk.services.db, 9) == before
    count = "SELECT count(*) FROM moderation_actions WHERE user_id = ANY ($1)"
    assert await desk.services.db.fetchval(count, ids) == 60


async def test_chosen_accounts_are_left_out(desk):
    ids = [user.id for user in desk.stuffers[:3]]
    query = "&".join(f"account={each}" for each in ids)
    preview = await desk.page(f"/admin/suspensions/new?{query}")
    assert CHANGE.findall(preview) == [("35", "32")]
    await desk.suspend(ids, keep=str(ids[1]))
    assert await desk.suspended() == {ids[0], ids[2]}


async def test_admins_are_not_suspended_with_others(desk):
    colleague = await desk.event.admin()
    ids = [desk.stuffers[0].id, desk.admin.id, colleague.id]
    query = "&".join(f"account={each}" for each in ids)
    preview = await desk.page(f"/admin/suspensions/new?{query}")
    assert ACCOUNTS.search(preview)[1] == str(ids[0])
    assert colleague.username in preview
    await desk.suspend(ids)
    assert await desk.suspended() == {ids[0]}
    assert (await desk.client.get(f"/admin/suspensions/new?account={desk.admin.id}")).status_code == 422


async def test_their_projects_are_hidden_if_asked(desk):
    spammer = desk.stuffers[0]
    spam = await desk.event.board.project(spammer)
    await desk.suspend([spammer.id], projects="hide")
    hidden = "SELECT hidden_at IS NOT NULL FROM projects WHERE id = $1"
    assert await desk.services.db.fetchval(hidden, spam)
    assert "1 project hidden" in await desk.page("/admin/withdrawals")


async def test_the_projects_of_admins_are_not_hidden(desk):
    colleague = await desk.event.admin()
    project_id = await desk.event.board.project(colleague)
    await desk.suspend([desk.stuffers[0].id, colleague.id], projects="hide")
    hidden = "SELECT hidden_at IS NOT NULL FROM projects WHERE id = $1"
    assert not await desk.services.db.fetchval(hidden, project_id)


async def test_a_press_after_the_withdrawal_has_finished_changes_nothing(desk):
    ids = [user.id for user in desk.stuffers]
    await desk.suspend(ids)
    await desk.work()
    before = await select_batches(desk.services.db, 9)
    await desk.suspend(ids)
    assert await select_batches(desk.services.db, 9) == before
    assert "this had already been done" in await desk.page("/admin/withdrawals")


@pytest.mark.parametrize(
    ("who", "words"),
    [("nobody", "no such account"), ("self", "your own account"), ("admin", "Admins cannot be")],
)
async def test_why_nobody_can_be_suspended_is_said(desk, who, words):
    ids = {"nobody": 999_999_999, "self": desk.admin.id, "admin": (await desk.event.admin()).id}
    assert words in await desk.page(f"/admin/suspensions/new?account={ids[who]}")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("?", 422),
        ("?account=x", 422),
        ("?finding=1-up-2", 404),
        ("?finding=1-x", 404),
        ("?accounts=1,x", 422),
    ],
)
async def test_what_cannot_be_suspended_is_said(desk, path, status):
    await desk.event.execute("UPDATE users SET is_admin = true WHERE id = 1")
    assert (await desk.client.get(f"/admin/suspensions/new{path}")).status_code == status


@pytest.mark.parametrize(
    "form", [{"accounts": "5"}, {"reason": "x"}, {"accounts": "7", "keep": "7", "reason": "x"}]
)
async def test_suspending_needs_accounts_and_a_reason(desk, form):
    assert (await desk.client.post("/admin/suspensions", form=form)).status_code == 422
    assert await desk.suspended() == set()


async def test_nobody_but_admins_suspends(desk):
    user = client_of(desk.event.app, desk.stuffers[0])
    for path in ("/admin/suspensions/new?account=1", "/admin/withdrawals", "/admin/odd"):
        assert (await user.get(path)).status_code == 403
    form = {"accounts": str(desk.stuffers[1].id), "reason": "x"}
    assert (await user.post("/admin/suspensions", form=form)).status_code == 403
    assert await desk.suspended() == set()


async def test_the_only_admin_is_not_suspended_by_accident(desk):
    """Somebody who is no admin any more has a page open."""
    await desk.event.execute("UPDATE users SET is_admin = false WHERE id <> $1", desk.admin.id)
    state = desk.event.app.extensions["upvote_accounts"]
    with pytest.raises(OnlyAdmin):
        await actions.suspend(desk.services, state, None, desk.admin.id, "x")
    colleague = await desk.event.admin()
    await act(client_of(desk.event.app, colleague), f"/admin/people/{desk.admin.username}", "suspend")
    assert await desk.suspended() == {desk.admin.id}


async def sent_again(desk, answer, reason):
    """Send the form of an error page again, with this reason."""
    form = (await answer.get_data(as_text=True)).split('id="what-you-wrote"')[1]
    fields = [*re.findall(r'name="(\w+)" value="([^"]*)"', form), ("reason", reason)]
    return await desk.client.post("/admin/suspensions", data=urlencode(fields), headers=FORM)


@pytest.mark.parametrize("padding", [0, MAX_BODY_BYTES])
async def test_accounts_stay_left_out_when_the_form_is_sent_again(desk, padding):
    ids = [user.id for user in desk.stuffers[:3]]
    form = {"accounts": ",".join(map(str, ids)), "reason": "x" * (501 + padding), "projects": "hide"}
    kept = [("keep", str(each)) for each in ids[1:]]
    data = urlencode([*form.items(), *kept])
    headers = FORM | {"Content-Length": str(len(data))}
    answer = await desk.client.post("/admin/suspensions", data=data, headers=headers)
    assert answer.status_code == (413 if padding else 422)
    assert await desk.suspended() == set()
    assert (await sent_again(desk, answer, "Stuffed")).status_code == 303
    assert await desk.suspended() == {ids[0]}
