"""`upvote projects import` makes all projects of a file or none, and nothing twice."""

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
