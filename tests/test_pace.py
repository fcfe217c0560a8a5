"""The rests of a long job while other work waits for the processors."""

import time
from pathlib import Path

import pytest

from app import pace
from app.pace import paced

PIECE = 0.2  # s
LINES = (
    "some avg10=1.50 avg60=0.30 avg300=0.00 total={}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0"
)


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collect the rests instead of taking them."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(pace.asyncio, "sleep", sleep)
    return taken


def note(file: Path, waited: float) -> None:
    """Say as the system does for how long (s) some process has waited."""
    file.write_text(LINES.format(int(waited * 1e6)))


async def work(file: Path, waited: float) -> None:
    """Do a piece of a job, while some process waits for `waited` seconds."""
    note(file, 5.0)
    async with paced():
        time.sleep(PIECE)  # noqa: ASYNC251 - nothing else runs on this loop
        note(file, 5.0 + waited)


async def test_rests_as_long_as_it_worked_while_others_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rests: list[float]
) -> None:
    monkeypatch.setattr(pace, "PRESSURE", tmp_path / "cpu")
    monkeypatch.setattr(pace, "MOST_SECONDS", 3600.0)
    await work(tmp_path / "cpu", waited=3600.0)
    assert len(rests) == 1
    assert PIECE <= rests[0] < 3600.0


async def test_a_rest_has_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rests: list[float]
) -> None:
    monkeypatch.setattr(pace, "PRESSURE", tmp_path / "cpu")
    monkeypatch.setattr(pace, "MOST_SECONDS", PIECE / 2)
    await work(tmp_path / "cpu", waited=3600.0)
    assert rests == [PIECE / 2]


async def test_goes_on_while_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rests: list[float]
) -> None:
    monkeypatch.setattr(pace, "PRESSURE", tmp_path / "cpu")
    await work(tmp_path / "cpu", waited=PIECE * pace.BUSY / 2)
    assert rests == []


@pytest.mark.parametrize("text", [None, "", "some\n"])
async def test_goes_on_where_the_system_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rests: list[float], text: str | None
) -> None:
    monkeypatch.setattr(pace, "PRESSURE", tmp_path / "cpu")
    if text is not None:
        (tmp_path / "cpu").write_text(text)
    async with paced():
        pass
    assert rests == []


async def test_a_piece_that_fails_is_raised_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rests: list[float]
) -> None:
    monkeypatch.setattr(pace, "PRESSURE", tmp_path / "cpu")
    note(tmp_path / "cpu", 0.0)

    async def fail() -> None:
        async with paced():
            note(tmp_path / "cpu", 3600.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert rests == []
