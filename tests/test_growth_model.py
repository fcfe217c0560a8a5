"""The model of a board with more votes than were measured."""

from bench.growth_report import CACHED, CACHED_BYTES, STORED_BYTES, Level, model


def test_what_grows_with_the_votes_goes_on_along_a_straight_line():
    """10 MB and 5 s whatever the number of votes, and 300 bytes, 40 bytes and 3 µs for each."""
    levels = [
        Level(n, {STORED_BYTES: 1e7 / n + 300, CACHED_BYTES: 40, CACHED: 5 + 3e-6 * n})
        for n in (1_000, 100_000, 10_000_000)
    ]
    cells = [line.strip("| ").split(" | ") for line in model(levels, 100_000_000).split("\n")]
    assert cells[0][1] == "100,000,000 votes"
    assert [cell for _, cell in cells[2:]] == ["30.0", "4.0", "305"]
