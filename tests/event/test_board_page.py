"""/admin/board: what an organiser sets, all of it or nothing, and nothing that was typed is lost."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.board.change import reveal
from app.errors import VotesUnavailable
from tests.event.board_pages import PAGE, fields_of, open_form, send
from tests.support import client_of


def settings_of(app):
    return app.extensions["upvote"].board.settings


async def test_only_admins_open_it(free_app, board, organise):
    assert (await client_of(free_app, await board.user()).get(PAGE)).status_code == 403
    assert (await client_of(free_app).get(PAGE)).status_code == 303
    answer = await client_of(free_app, await board.user()).post(PAGE, form={"name": "Mine"})
    assert answer.status_code == 403
    assert settings_of(free_app).name == "Upvote"


async def test_an_admin_sets_all_keys_at_once(free_app, admin, organise):
    client, form = await open_form(free_app, admin)
    form |= {
        "name": "Herbst·הרים 🎉", "tagline": "Vote & <win>", "accent": "#7A3E9D",
        "welcome": "Hello\r\n\r\n*you*", "timezone": "Europe/Berlin",
        "submit_from": "2190-01-01 09:00", "submit_until": "2190-01-02 09:00",
        "vote_from": "2190-01-02 10:00", "vote_until": "2190-07-03 18:00", "tallies": "after_voting",
        "downvotes": "no", "self_votes": "no", "min_downvote_age": "60", "budget": "3",
        "registration": "invited", "private": "yes",
    }  # fmt: skip
    status, _ = await send(client, form)
    assert status == 303
    now = settings_of(free_app)
    assert (now.name, now.tagline, now.welcome) == ("Herbst·הרים 🎉", "Vote & <win>", "Hello\n\n*you*")
    assert (now.accent, now.tallies, now.downvotes) == ("#7a3e9d", "after_voting", False)
    assert now.vote_until == datetime(2190, 7, 3, 16, tzinfo=UTC)
    assert (now.self_votes, now.min_downvote_age, now.budget) == (False, 60, 3)
    assert (now.registration, now.private) == ("invited", True)
    _, again = await open_form(free_app, admin)
    assert again["vote_until"] == "2190-07-03 18:00"
    revision = now.revision
    assert (await send(client, again))[0] == 303
    assert settings_of(free_app).revision == revision


BAD = {
    "vote_until": ("2020-01-01 10:00", "in the past"),
    "vote_from": ("soon", "Give a time such as"),
    "timezone": ("Mars/Olympus", "no time zone"),
    "budget": ("-3", "whole number"),
    "name": ("🎉" * 61, "at most 60"),
    "accent": ("green", "#0a7d4f"),
    "tallies": ("hidden", "public, after_voting"),
    "registration": ("friends", "open, invited, closed"),
    "private": ("maybe", "yes or no"),
}


@pytest.mark.parametrize("key", BAD)
async def test_a_bad_value_is_explained_beside_its_field_and_everything_typed_stays(
    free_app, admin, organise, key
):
    client, form = await open_form(free_app, admin)
    typed, words = BAD[key]
    status, text = await send(client, form | {"welcome": "Not lost", key: typed})
    assert status == 422
    field = re.search(rf'<p class="field-error" id="{key}-error">(.*?)</p>', text, re.DOTALL)
    assert words in field[1]
    assert f'href="#{key}"' in text
    again = fields_of(text)
    assert again["welcome"] == "Not lost"
    assert key in ("tallies", "registration", "private") or again[key] == typed  # choices
    assert settings_of(free_app).welcome == ""


@pytest.mark.parametrize(
    ("time", "words"),
    [("2027-03-28 02:30", "no such time"), ("2027-10-31 02:30", "comes twice")],
)
async def test_a_time_that_a_change_of_clocks_skips_or_repeats_is_refused(
    free_app, admin, organise, time, words
):
    client, form = await open_form(free_app, admin)
    status, text = await send(client, form | {"timezone": "Europe/Berlin", "vote_until": time})
    assert (status, words in text) == (422, True)


async def test_a_repeated_time_is_shown_with_its_offset(free_app, admin, organise):
    await organise(timezone="Europe/Berlin", vote_until="2027-10-31T02:30:00+01:00")
    client, form = await open_form(free_app, admin)
    assert form["vote_until"] == "2027-10-31 02:30 +01:00"
    assert (await send(client, form | {"name": "Autumn"}))[0] == 303
    assert settings_of(free_app).vote_until == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


async def test_another_time_zone_alone_moves_no_time(free_app, admin, organise):
    before = await organise(vote_until="2190-01-01 12:00")
    client, form = await open_form(free_app, admin)
    assert (await send(client, form | {"timezone": "Asia/Tokyo"}))[0] == 303
    assert settings_of(free_app).vote_until == before.vote_until
    assert (await open_form(free_app, admin))[1]["vote_until"] == "2190-01-01 21:00"


async def test_a_change_by_another_admin_is_shown_and_nothing_is_lost(free_app, admin, organise):
    client, form = await open_form(free_app, admin)
    await organise(name="Theirs", budget="5")
    status, text = await send(client, form | {"tagline": "Mine", "budget": "2"})
    assert status == 409
    assert "Name</a> is “<bdi>Theirs</bdi>” now" in text
    assert "Votes for each account</a> is “<bdi>5</bdi>” now" in text
    assert settings_of(free_app).tagline == ""
    again = fields_of(text)
    assert (again["name"], again["tagline"], again["budget"]) == ("Theirs", "Mine", "2")
    assert (await send(client, again))[0] == 303
    now = settings_of(free_app)
    assert (now.name, now.tagline, now.budget) == ("Theirs", "Mine", 2)


async def test_while_redis_is_away_nothing_changes_and_the_form_says_so(
    free_app, admin, organise, monkeypatch
):
    client, form = await open_form(free_app, admin)

    async def away(*_, **__):
        raise VotesUnavailable("away")

    monkeypatch.setattr("app.board.change.apply_rules", away)
    status, text = await send(client, form | {"budget": "4", "name": "Both or none"})
    assert status == 503
    assert "Nothing has changed" in text
    assert fields_of(text)["name"] == "Both or none"
    assert (settings_of(free_app).name, settings_of(free_app).budget) == ("Upvote", 0)


async def test_voting_is_opened_closed_and_extended_at_once(free_app, admin, organise):
    await organise(vote_from="2190-01-01 12:00", vote_until="2190-01-02 12:00")

    async def press(**button):
        client, form = await open_form(free_app, admin)
        button |= {"revision": form["revision"]}
        return (await send(client, button, "/admin/board/now"))[0]

    now = free_app.extensions["upvote"].board
    assert await press(action="open") == 303
    assert now.voting_phase() == "open"
    end = now.settings.vote_until
    assert await press(action="extend", minutes="15") == 303
    assert now.settings.vote_until == end + timedelta(minutes=15)
    assert await press(action="close") == 303
    closed = now.settings.vote_until
    assert closed <= now.now() + timedelta(seconds=1)
    assert await press(action="extend", minutes="60") == 303
    assert closed + timedelta(minutes=60) <= now.settings.vote_until
    assert now.voting_phase() == "open"
    assert await press(action="open") == 409
    assert await press(action="extend", minutes="7") == 409
    assert await press(action="dance") == 422


async def test_voting_is_open_at_once_though_an_answer_of_redis_was_long_under_way(
    free_app, admin, organise
):
    await organise(vote_from="2190-01-01 12:00", vote_until="2190-01-02 12:00")
    client, form = await open_form(free_app, admin)
    now = free_app.extensions["upvote"].board
    now._ahead = -60.0  # what this process makes of the clock of Redis, s
    button = {"action": "open", "revision": form["revision"]}
    assert (await send(client, button, "/admin/board/now"))[0] == 303
    assert now.voting_phase() == "open"


async def test_pressed_twice_or_by_two_admins_voting_is_extended_once(free_app, admin, organise):
    end = (await organise(vote_until="2190-01-02 12:00")).vote_until
    client, form = await open_form(free_app, admin)
    button = {"action": "extend", "minutes": "5", "revision": form["revision"]}
    assert (await send(client, button, "/admin/board/now"))[0] == 303
    assert (await send(client, button, "/admin/board/now"))[0] == 409
    assert settings_of(free_app).vote_until == end + timedelta(minutes=5)


async def test_revealing_asks_first(free_app, admin, organise):
    client = client_of(free_app, admin)
    assert "nothing to reveal" in await (await client.get("/admin/board/reveal")).get_data(True)
    assert (await send(client, {"confirm": "yes"}, "/admin/board/reveal"))[0] == 409
    await organise(tallies="after_reveal")
    assert "Reveal the results?" in await (await client.get("/admin/board/reveal")).get_data(True)
    await send(client, {}, "/admin/board/reveal")
    assert settings_of(free_app).revealed_at is None
    await send(client, {"confirm": "yes"}, "/admin/board/reveal")
    assert settings_of(free_app).revealed_at
    assert not free_app.extensions["upvote"].board.is_secret()


async def test_what_was_revealed_is_kept_secret_again_by_a_press(free_app, admin, organise):
    await organise(tallies="after_reveal")
    client, form = await open_form(free_app, admin)
    button = {"action": "hide", "revision": form["revision"]}
    assert (await send(client, button, "/admin/board/now"))[0] == 409
    await send(client, {"confirm": "yes"}, "/admin/board/reveal")
    text = await (await client.get(PAGE)).get_data(as_text=True)
    assert "The results are revealed: everybody sees the tallies while people vote." in text
    assert "Keep the tallies secret again" in text
    button["revision"] = fields_of(text)["revision"]
    assert (await send(client, button, "/admin/board/now"))[0] == 303
    text = await (await client.get(PAGE)).get_data(as_text=True)
    assert "Only admins see the tallies until an admin reveals them." in text
    assert "Keep the tallies secret again" not in text
    assert free_app.extensions["upvote"].board.is_secret()


async def test_saving_the_form_keeps_revealed_results_revealed(free_app, admin, organise):
    await organise(tallies="after_reveal")
    await send(client_of(free_app, admin), {"confirm": "yes"}, "/admin/board/reveal")
    client, form = await open_form(free_app, admin)
    assert (await send(client, form | {"name": "Autumn"}))[0] == 303
    assert (settings_of(free_app).name, settings_of(free_app).can_be_revealed) == ("Autumn", False)


async def test_the_page_says_that_revealed_results_stay_so_if_voting_is_opened_again(event):
    await event.organise(tallies="after_reveal", vote_until="now")
    await reveal(event.services.board, None)
    _, page = await event.get(PAGE, await event.admin())
    assert "everybody sees the tallies, also if voting is opened again." in page
    assert "Open voting again" in page


async def test_the_page_says_in_words_what_holds(free_app, admin, organise):
    await organise(timezone="Europe/Berlin", vote_until="2190-07-06 18:00", budget="1")
    text = await (await client_of(free_app, admin).get(PAGE)).get_data(as_text=True)
    assert "Voting is open. It ends Tue 6 Jul 2190 18:00 (Europe/Berlin, in " in text
    assert "An account may have 1 vote at a time." in text
