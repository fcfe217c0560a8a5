"""`upvote projects import` makes all projects of a file or none, and nothing twice."""

import secrets

import pytest

from tests.commands.run import run_in_process


@pytest.fixture
def run(settings, tmp_path):
    """Return a function that imports a text and returns the exit code and what was printed."""

    async def run(text, *words):
        file = tmp_path / "projects.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        result = await run_in_process(settings, "projects", "import", str(file), *words)
        return result.returncode, result.stdout + result.stderr

    return run


async def titles_of(db, *users):
    ids = [user.id for user in users]
    query = "SELECT title FROM projects WHERE author_id = ANY ($1) ORDER BY id"
    return [row["title"] for row in await db.fetch(query, ids)]


async def test_projects_are_made_once_with_their_teams(run, board, db):
    anna, ben = await board.users(2)
    text = (
        "\ufefftitle,url,description,authors\r\n"
        f'"A kite, singing",https://kite.example/,"Two\nlines","{anna.username}, {ben.username}"\r\n'
        "A lamp,,,\r\n"
    )
    assert await run(text, "--author", ben.username) == (
        0,
        "Imported 2 projects; 0 were there before.\n",
    )
    assert await run(text, "--author", ben.username) == (
        0,
        "Imported 0 projects; 2 were there before.\n",
    )
    assert await titles_of(db, anna, ben) == ["A kite, singing", "A lamp"]
    members = "SELECT user_id FROM project_members WHERE accepted_at IS NOT NULL AND user_id = ANY ($1)"
    assert [row["user_id"] for row in await db.fetch(members, [anna.id, ben.id])] == [ben.id]


async def test_an_import_is_in_the_moderation_log(run, board, db):
    user = await board.user()
    logged = "SELECT count(*) FROM moderation_actions WHERE action = 'import' AND reason = $1"
    reason = "3 projects, on the command line."
    before = await db.fetchval(logged, reason)
    for _ in range(2):  # the second time makes nothing
        await run("title\nOne\nTwo\nThree\n", "--author", user.username)
    assert await db.fetchval(logged, reason) == before + 1


async def test_a_file_with_errors_makes_nothing(run, board, db):
    user = await board.user()
    text = (
        f"title;url;authors;track\nFine;;{user.username};\n;;{user.username};\n"
        f"X;ftp://x;{user.username};none\nY;;nobody-here;\nZ;;;\nFine;;{user.username};\n"
    )
    code, printed = await run(text)
    assert code == 1
    for line, words in ((3, "title"), (4, "https://"), (4, "track"), (5, "no user nobody-here"),
                        (6, "Name an author"), (7, "project of line 2 again")):  # fmt: skip
        assert any(f"line {line}:" in each and words in each for each in printed.splitlines()), words
    assert "nothing was imported" in printed
    assert await titles_of(db, user) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the columns"),
        ("url\nx\n", "line 1: the columns"),
        ("title,price\nx,y\n", "line 1: the columns"),
        ("title\na,b\n", "line 2: it has 2 cells"),
        ('title\n"a\n', "line 2"),
        ("title\nä\n".encode("latin-1"), "not in UTF-8"),
    ],
)
async def test_what_is_no_such_file_is_said(run, text, words):
    code, printed = await run(text, "--author", "somebody")
    assert code == 1
    assert words in printed


async def keys_of(db, *users):
    ids = [user.id for user in users]
    query = "SELECT key, title FROM projects WHERE author_id = ANY ($1) ORDER BY id"
    return [tuple(row) for row in await db.fetch(query, ids)]


async def test_a_file_with_keys_makes_nothing_twice(run, board, db):
    user, key = await board.user(), f"k{secrets.token_hex(6)}"
    text = f"key,title,url\n{key}-1,Same title,\n{key}-2,Same title,\n,Without,\n"
    await run(text, "--author", user.username)
    made = await keys_of(db, user)
    assert made == [(f"{key}-1", "Same title"), (f"{key}-2", "Same title"), (None, "Without")]
    changed = text.replace("Same title", "Another title")
    for again in (text, changed):
        assert await run(again, "--author", user.username) == (
            0,
            "Imported 0 projects; 3 were there before.\n",
        )
    assert await keys_of(db, user) == made


async def test_a_project_that_was_there_without_a_key_gets_it(run, board, db):
    user, key = await board.user(), f"k{secrets.token_hex(6)}"
    await run("title,url\nA kite,https://kite.example/\n", "--author", user.username)
    text = f"title,url,key\nA kite,https://kite.example/,{key}\n"
    logged = "SELECT reason FROM moderation_actions WHERE action = 'import' ORDER BY id"
    before = await db.fetch(logged)
    told = "Imported 0 projects; 1 were there before.\n"
    given = "Gave keys to 1 of those that were there before.\n"
    for more in (given, ""):
        assert await run(text, "--author", user.username) == (0, told + more)
    assert await keys_of(db, user) == [(key, "A kite")]
    new = [row["reason"] for row in (await db.fetch(logged))[len(before) :]]
    assert "Keys for 1 that existed, on the command line." in new


async def test_counts_are_left_out_and_the_output_says_so(run, board, db):
    user = await board.user()
    text = "title,upvotes,downvotes,Score\nA kite,40,2,38\n"
    code, printed = await run(text, "--author", user.username)
    assert (code, printed.splitlines()) == (
        0,
        [
            "Imported 1 projects; 0 were there before.",
            "Left out: upvotes, downvotes, score. "
            "Votes cannot be imported, since each belongs to an account.",
        ],
    )
    assert await db.fetchval("SELECT upvotes FROM projects WHERE author_id = $1", user.id) == 0


async def test_bad_keys_and_keys_that_come_twice_are_errors_of_their_lines(run, board, db):
    user = await board.user()
    code, printed = await run("title,key\nA,a b\nB,b\nC,b\nD,..\n", "--author", user.username)
    assert code == 1
    assert "line 2: “a b” is not a key." in printed
    assert "line 5: “..” is not a key." in printed
    assert "line 4: this is the project of line 3 again" in printed
    assert await keys_of(db, user) == []
