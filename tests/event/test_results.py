"""The results as a page, as CSV and as JSON: places, tracks, and who may see them."""

import csv
import io
import re

import pytest

from app.accounts.queries import insert_token
from app.accounts.tokens import token_hash
from app.event.results_csv import COLUMNS
from app.web.spreadsheet import as_text
from tests.support import client_of


async def rows_of(event, path="/results.csv"):
    status, text = await event.get(path)
    assert status == 200
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_equal_scores_share_a_place_and_the_next_one_is_left_out(event):
    await event.project("Second", 1)
    await event.project("First", 1, 1)
    await event.project("Also first", 1, 1, 1, -1)
    await event.project("Last", -1)
    await event.services.persist_events()
    rows = await rows_of(event)
    assert [(row["place"], row["title"]) for row in rows] == [
        *(("1", "First"), ("1", "Also first")),
        *(("3", "Second"), ("4", "Last")),
    ]
    assert [list(rows[1].values())[6:], list(rows[3].values())[6:]] == [
        ["3", "1", "2", "4"],
        ["0", "1", "-1", "1"],
    ]


async def test_votes_that_were_never_synced_count(event):
    project_id = await event.project("Kite", 1)
    await event.services.persist_events()
    synced = await event.services.db.fetchval("SELECT upvotes FROM projects WHERE id = $1", project_id)
    assert (synced, (await rows_of(event))[0]["score"]) == (0, "1")


async def test_each_track_has_places_of_its_own(event):
    await event.track("art", "Art & <craft>")
    await event.track("maps", "Maps")
    await event.project("Best map", 1, 1, track="maps")
    await event.project("Only art", 1, track="art")
    await event.project("In no track")
    await event.services.persist_events()
    rows = await rows_of(event, "/results.csv?track=art")
    assert [(row["place"], row["track"], row["title"]) for row in rows] == [("1", "art", "Only art")]
    _, page = await event.get("/results")
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert headings == ["All projects", "Art &amp; &lt;craft&gt;", "Maps"]
    assert page.count("Only art") == 2
    assert page.count("In no track") == 1


@pytest.mark.parametrize("slug", ["gone", "NO", "a%00b", "x" * 5_000])
async def test_a_removed_track_is_not_found(event, slug):
    status, text = await event.get(f"/results?track={slug}")
    assert status in (404, 414)
    assert "track" in text or status == 414
    assert (await event.get(f"/api/results?track={slug}"))[0] == status


async def test_an_empty_board_has_a_header_and_no_rows(event):
    assert (await event.get("/results.csv")) == (200, ",".join(COLUMNS) + "\r\n")
    assert "No projects yet" in (await event.get("/results"))[1]
    assert "No projects yet" in (await event.get("/results.svg"))[1]


async def test_hidden_and_deleted_projects_are_left_out(event):
    hidden = await event.project("Hidden", 1)
    deleted = await event.project("Deleted", 1)
    await event.services.persist_events()
    await event.execute("UPDATE projects SET hidden_at = now() WHERE id = $1", hidden)
    await event.execute("UPDATE projects SET deleted_at = now() WHERE id = $1", deleted)
    assert await rows_of(event) == []


async def test_authors_are_the_author_and_the_members_who_accepted(event):
    project_id = await event.project("Kite")
    members = [await event.board.user() for _ in range(3)]
    for user, accepted in zip(members, ["'2026-01-02'", "NULL", "'2026-01-01'"], strict=True):
        await event.execute(
            "INSERT INTO project_members (project_id, user_id, accepted_at)"  # noqa: S608
            f" VALUES ($1, $2, {accepted})",
            project_id,
            user.id,
        )
    [row] = await rows_of(event)
    author, *others = row["authors"].split(", ")
    assert others == [members[2].username, members[0].username]
    assert author not in others


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("＝1+1", "'＝1+1"),
        ("＠home", "'＠home"),
        ("－5", "'－5"),
        ("  =1", "'  =1"),
        ("a;=1+1", "a;'=1+1"),
        ("A kite - and a tail", "A kite - and a tail"),
        ("Größe = 5 🎉", "Größe = 5 🎉"),
    ],
)
def test_no_cell_starts_a_formula(title, cell):
    assert as_text(title) == cell


async def test_the_csv_is_rfc_4180(event):
    await event.project('A "kite", and\u2028more 日本語', 1)
    await event.services.persist_events()
    answer = await client_of(event.app).get("/results.csv")
    body = await answer.get_data(as_text=False)
    assert body.count(b"\r\n") == 2
    assert '"A ""kite"", and' in body.decode()
    assert answer.headers["Content-Type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="results-so-far.csv"'


async def test_the_json_has_the_columns_of_the_csv(event):
    await event.project("Kite", 1, 1)
    await event.services.persist_events()
    answer = await client_of(event.app).get("/api/results")
    found = await answer.get_json()
    [row] = found["results"]
    assert tuple(row) == COLUMNS
    assert (row["score"], found["votes"], found["voters"], found["final"]) == (2, 2, 2, False)


async def test_a_board_of_upvotes_only_has_no_column_down(event):
    await event.project("Kite", 1)
    await event.services.persist_events()
    assert ">Down<" in (await event.get("/results"))[1]
    await event.organise(downvotes="no")
    assert ">Down<" not in (await event.get("/results"))[1]


@pytest.mark.parametrize("path", ["/results", "/results.csv", "/results.svg", "/api/results"])
async def test_only_admins_see_secret_results(event, path):
    await event.project("Secret kite", 1)
    await event.services.persist_events()
    await event.organise(
        vote_until="2199-01-01 18:00", timezone="Europe/Berlin", tallies="after_voting"
    )
    for account in (None, await event.board.user()):
        status, text = await event.get(path, account)
        assert (status, "Secret kite" in text) == (403, False)
        assert "when voting ends, on Tue 1 Jan 2199, 18:00 CET" in text
    if path == "/api/results":
        assert '"secret"' in text
    else:
        status, text = await event.get(path, await event.admin())
        assert (status, "Secret kite" in text) == (200, True)


async def test_the_token_of_an_admin_opens_secret_results(event):
    await event.organise(tallies="after_reveal")
    for account, status in ((await event.admin(), 200), (await event.board.user(), 403)):
        token = f"token-of-{account.username}"
        await insert_token(event.services.db, account.id, token_hash(token), "test")
        answer = await client_of(event.app).get(
            "/api/results", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == status


async def test_the_footer_leads_to_results_once_voting_has_an_end(event):
    link = 'href="/results"'
    user, admin = await event.board.user(), await event.admin()
    assert link not in (await event.get("/"))[1]
    await event.organise(vote_until="2199-01-01 18:00")
    assert link in (await event.get("/"))[1]
    await event.organise(tallies="after_voting")
    for account in (None, user):
        assert link not in (await event.get("/", account))[1]
    assert link in (await event.get("/", admin))[1]


async def test_authors_are_shown_by_their_display_names(event):
    project_id = await event.project("Named")
    await event.execute(
        """
        UPDATE users SET display_name = 'Zoë 山田', display_skeleton = 'zoe'
        WHERE id = (SELECT author_id FROM projects WHERE id = $1)
        """,
        project_id,
    )
    assert "Zoë 山田" in (await event.get("/results"))[1]
