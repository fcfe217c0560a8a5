"""`upvote board` says what has changed, and claims nothing that is not so."""

import pytest

from tests.commands.run import run_in_process


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({}, "Everybody sees them already."),
        ({"tallies": "after_voting", "vote_until": "2199-01-01"}, "upvote board set tallies=public"),
    ],
)
async def test_revealing_what_is_not_secret_until_then_is_refused(organise, settings, texts, words):
    await organise(**texts)
    done = await run_in_process(settings, "board", "reveal")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is nothing to reveal" in done.stderr
    assert words in done.stderr


async def test_tallies_are_revealed_and_secret_again(organise, settings, app):
    await organise(tallies="after_reveal")
    done = await run_in_process(settings, "board", "reveal")
    assert (done.returncode, done.stdout) == (0, "Everybody can see the tallies now.\n")
    done = await run_in_process(settings, "board", "set", "tallies=after_reveal")
    assert (done.returncode, done.stdout) == (0, "The tallies were revealed, and are secret again.\n")
    await app.extensions["upvote"].board.refresh()
    assert app.extensions["upvote"].board.is_secret()
