"""Teams: members are named, accept or decline, and count as authors from then on."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from app.accounts.settings.delete_account import delete
from app.errors import VotesUnavailable
from app.projects.team.members import withdraw_votes_of_members
from app.voting.closing import publish_all_closed
from app.voting.votes import Closed, Status, Vote
from tests.support import client_of, make_cold


@dataclass
class Team:
    """A project with its author, and somebody whom the author may name."""

    app: Any
    author: Any
    other: Any
    project_id: int

    @property
    def services(self):
        return self.app.extensions["upvote"]

    async def send(self, user, action, name=""):
        """Send a form of the team's page; return the status and the page that follows."""
        client = client_of(self.app, user)
        form = {"action": action, "username": name}
        answer = await client.post(f"/projects/{self.project_id}/team", form=form)
        html = await answer.get_data(as_text=True)
        if answer.status_code == 303:
            html = await (await client.get(answer.headers["Location"])).get_data(as_text=True)
        return answer.status_code, html

    async def page(self, user, path=""):
        client = client_of(self.app, user)
        return await (await client.get(f"/projects/{self.project_id}{path}")).get_data(as_text=True)

    async def join(self, user=None):
        user = user or self.other
        await self.send(self.author, "invite", user.username)
        return await self.send(user, "accept")

    async def vote(self, user, value):
        return await self.services.batcher.cast(Vote(self.project_id, user.id, value))


@pytest.fixture
async def team(free_app, board):
    author, other = await board.users(2)
    return Team(free_app, author, other, await board.project(author))


async def test_a_member_is_named_finds_the_invitation_and_accepts(team):
    status, html = await team.send(team.author, "invite", f" {team.other.username.upper()} ")
    assert status == 303
    assert "no answer yet" in html
    assert "invites you to the team" in await team.page(team.other)
    assert "invites you" not in await team.page(team.author)
    profile = await client_of(team.app, team.other).get(f"/users/{team.other.username}")
    assert "(1 invitation)" in await profile.get_data(as_text=True)
    status, html = await team.send(team.other, "accept")
    assert status == 303
    assert "You are on the team" in html


async def test_members_count_as_authors(team, board):
    await team.join()
    by = f'by <a href="/users/{team.author.username}">{team.author.username}</a> and '
    assert by + f'<a href="/users/{team.other.username}">' in await team.page(None)
    client = client_of(team.app, team.other)
    profile = await (await client.get(f"/users/{team.other.username}")).get_data(as_text=True)
    assert f'id="project-{team.project_id}"' in profile
    edit = f"/projects/{team.project_id}/edit"
    assert (await client.get(edit)).status_code == 200
    assert (await client.post(edit, form={"title": "By both"})).status_code == 303
    assert "By both" in await team.page(None)
    delete = f"/projects/{team.project_id}/delete"
    assert (await client.post(delete, form={"confirm": "yes"})).status_code == 403
    stranger = client_of(team.app, await board.user())
    assert (await stranger.post(edit, form={"title": "By a stranger"})).status_code == 403


async def test_a_project_of_three_names_all_of_them(team, board):
    third = await board.user()
    await team.join()
    await team.join(third)
    first, last = sorted([team.other.username, third.username])
    html = await team.page(None)
    assert f'</a>, <a href="/users/{first}">{first}</a> and <a href="/users/{last}">{last}</a>' in html
    answer = await client_of(team.app).get(f"/api/projects/{team.project_id}")
    assert (await answer.get_json())["authors"] == [team.author.username, first, last]


async def test_names_that_cannot_be_invited_are_refused_with_the_reason(team, board):
    cases = {
        "nobody-of-this-name": "There is no user",
        "": "Give the username",
        team.author.username: "the author of this project already",
    }
    for name, words in cases.items():
        status, html = await team.send(team.author, "invite", name)
        assert (status, words in html) == (422, True), name
    await team.send(team.author, "invite", team.other.username)
    assert "invited already" in (await team.send(team.author, "invite", team.other.username))[1]
    await team.send(team.other, "accept")
    assert "on the team already" in (await team.send(team.author, "invite", team.other.username))[1]
    declining = await board.user()
    await team.send(team.author, "invite", declining.username)
    await team.send(declining, "decline")
    assert "has declined" in (await team.send(team.author, "invite", declining.username))[1]


async def test_a_team_has_at_most_twenty_members(team, board):
    for user in await board.users(20):
        assert (await team.send(team.author, "invite", user.username))[0] == 303
    status, html = await team.send(team.author, "invite", team.other.username)
    assert (status, "at most 20" in html) == (422, True)


async def test_only_the_author_names_members_and_only_who_is_named_answers(team, board):
    stranger = await board.user()
    assert (await team.send(stranger, "invite", stranger.username))[0] == 403
    for action in ("accept", "decline", "leave"):
        assert (await team.send(stranger, action))[0] == 409
    assert (
        await client_of(team.app, stranger).get(f"/projects/{team.project_id}/team")
    ).status_code == 403
    await team.join()
    assert (await team.send(team.other, "invite", stranger.username))[0] == 403
    assert (await team.send(team.other, "remove", team.author.username))[0] == 403
    assert (await team.send(team.author, "dance"))[0] == 422


@pytest.mark.parametrize("by_author", [True, False])
async def test_who_leaves_or_is_removed_is_no_author_any_more(team, organise, by_author):
    await organise(self_votes="no")
    await team.join()
    assert (await team.vote(team.other, 1)).status is Status.OWN_PROJECT
    if by_author:
        await team.send(team.author, "remove", team.other.username)
    else:
        await team.send(team.other, "leave")
    assert team.other.username not in await team.page(None)
    assert (await team.vote(team.other, 1)).status is Status.ACCEPTED


@pytest.mark.parametrize("cold", [False, True])
async def test_a_member_loses_the_vote_on_accepting_and_casts_no_other(team, organise, redis, db, cold):
    await organise(self_votes="no")
    assert (await team.vote(team.other, 1)).status is Status.ACCEPTED
    if cold:
        await team.services.persist_events()
        await make_cold(redis, team.project_id)
    _, html = await team.join()
    assert "Your vote on it is taken out" in html
    for user in (team.author, team.other):
        result = await team.vote(user, 1)
        assert (result.status, result.value, result.tally.upvotes) == (Status.OWN_PROJECT, 0, 0)
    await team.services.persist_events()
    query = "SELECT old_value, new_value FROM vote_events WHERE project_id = $1 ORDER BY version"
    assert [tuple(row) for row in await db.fetch(query, team.project_id)] == [(0, 1), (1, 0)]


async def test_authors_are_compared_as_whole_numbers(team, organise):
    """A user is no author because the digits of the id are within those of an author's id."""
    await organise(self_votes="no")
    await team.vote(team.other, 0)  # now it is cached
    closing, user_id = team.services.functions.closing, team.other.id

    async def publish(authors):
        token = await closing.begin(team.project_id)
        assert await closing.close(team.project_id, Closed.OPEN, authors, token)

    await publish([int(f"1{user_id}"), int(f"{user_id}0"), 7])
    assert (await team.vote(team.other, 1)).status is Status.ACCEPTED
    for authors in ([user_id], [7, user_id], [user_id, 7], [7, user_id, 8]):
        await publish(authors)
        assert (await team.vote(team.other, -1)).status is Status.OWN_PROJECT


async def test_with_self_votes_a_member_keeps_the_vote(team):
    await team.vote(team.other, 1)
    _, html = await team.join()
    assert "taken out" not in html
    assert (await team.vote(team.other, 1)).tally.upvotes == 1


async def test_after_the_end_of_voting_accepting_changes_no_tally(team, organise, db):
    await organise(self_votes="no")
    await team.vote(team.other, 1)
    await team.send(team.author, "invite", team.other.username)
    await organise(vote_until="now")
    _, html = await team.send(team.other, "accept")
    assert "Voting has ended, so your vote on it stays" in html
    assert (await team.services.functions.read([team.project_id]))[team.project_id].tally.upvotes == 1
    assert not await db.fetchval("SELECT withdraw_vote FROM project_members")


async def test_while_projects_are_frozen_only_invitations_are_answered(team, organise):
    await team.send(team.author, "invite", team.other.username)
    await organise(submit_until="now")
    for action in ("invite", "remove"):
        status, html = await team.send(team.author, action, team.other.username)
        assert (status, "cannot be changed now" in html) == (422, True)
    assert (await team.send(team.other, "accept"))[0] == 303


async def test_what_redis_missed_is_done_by_the_worker(team, organise, monkeypatch, db):
    await organise(self_votes="no")
    await team.vote(team.other, 1)
    await team.send(team.author, "invite", team.other.username)

    async def away(*_, **__):
        raise VotesUnavailable("Redis is away")

    with monkeypatch.context() as patch:
        patch.setattr(team.services.functions.closing, "close", away)
        assert (await team.send(team.other, "accept"))[0] == 303
    assert (await team.vote(team.other, -1)).status is Status.ACCEPTED  # Redis does not know yet
    assert await publish_all_closed(db, team.services.functions)
    assert await withdraw_votes_of_members(team.services) == 1
    result = await team.vote(team.other, 1)
    assert (result.status, result.value) == (Status.OWN_PROJECT, 0)


async def test_an_account_exports_its_teams_and_is_on_none_after_it_is_deleted(team):
    await team.join()
    export = await client_of(team.app, team.other).get("/me/export.json")
    [found] = json.loads(await export.get_data(as_text=True))["teams"]
    assert (found["project_id"], found["declined_at"]) == (team.project_id, None)
    accounts = team.app.extensions["upvote_accounts"]
    await delete(team.services, accounts, team.other, delete_projects=False)
    html = await team.page(None)
    assert f">{team.author.username}</a></span>" in html
    assert "deleted user" not in html
