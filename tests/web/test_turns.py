"""Long work on the event loop gives way to votes, and takes turns with other long work."""

import asyncio
import gzip
import random
from collections.abc import Iterator

import pytest
from jinja2 import Environment

from app.web import turns
from app.web.compression import LARGE_BYTES, PIECE_BYTES, gzip_in_turns
from app.web.turns import few_at_a_time, in_turns
from app.web.turns_template import TurnsTemplate


@pytest.fixture(autouse=True)
def every_piece_takes_a_turn(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.0)


class Log:
    """What was made in each pass of the event loop."""

    def __init__(self) -> None:
        self.passes: list[list[str]] = [[]]

    async def count(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.passes.append([])

    def pieces(self, name: str, count: int = 5) -> Iterator[str]:
        for number in range(count):
            self.passes[-1].append(name)
            yield f"{name}{number}"


async def beside_a_counter(log: Log, *works) -> list[list[str]]:
    counter = asyncio.create_task(log.count())
    found = await asyncio.gather(*works)
    counter.cancel()
    return found


async def test_other_work_goes_on_between_two_turns():
    log = Log()
    [found] = await beside_a_counter(log, in_turns(log.pieces("a")))
    assert found == ["a0", "a1", "a2", "a3", "a4"]
    assert max(map(len, log.passes)) == 1


async def test_of_many_works_one_has_its_turn_in_a_pass_and_long_ones_go_to_the_end_of_the_line(
    monkeypatch,
):
    monkeypatch.setattr(turns, "TURNS_IN_LINE", 2)
    log = Log()
    names = "abcdefgh"
    found = await beside_a_counter(log, *[in_turns(log.pieces(name)) for name in names])
    assert [len(pieces) for pieces in found] == [5] * len(names)
    in_line = [made for made in log.passes if made][1:]  # all begin at once
    assert max(map(len, in_line)) == 1
    order = [made[0] for made in in_line]
    assert order == [name for name in names for _ in range(2)] * 2


async def test_a_page_is_done_before_the_next_one_goes_on():
    log = Log()
    await beside_a_counter(log, *[in_turns(log.pieces(name)) for name in "abc"])
    order = [made[0] for made in log.passes if made][1:]
    assert order == [name for name in "abc" for _ in range(4)]


async def test_a_work_that_fails_or_is_cancelled_gives_its_turn_to_the_next():
    log = Log()

    def failing() -> Iterator[str]:
        yield "fine"
        yield "fine"
        raise ValueError("no more")

    cancelled = asyncio.create_task(in_turns(log.pieces("x", 1_000)))
    failed = asyncio.create_task(in_turns(failing()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    cancelled.cancel()
    found = await asyncio.wait_for(in_turns(log.pieces("a")), 60)
    assert len(found) == 5
    assert isinstance((await asyncio.gather(failed, return_exceptions=True))[0], ValueError)


async def test_a_template_is_rendered_in_turns():
    environment = Environment(enable_async=True, autoescape=True)
    environment.template_class = TurnsTemplate
    log = Log()
    template = environment.from_string("{% for n in pieces %}<{{ n }}>{% endfor %}")
    [page] = await beside_a_counter(log, template.render_async(pieces=log.pieces("a")))
    assert page == "<a0><a1><a2><a3><a4>"
    assert max(map(len, log.passes)) == 1


async def test_an_error_in_a_template_names_its_line():
    environment = Environment(enable_async=True, autoescape=True)
    environment.template_class = TurnsTemplate
    template = environment.from_string("\n{{ 1 / 0 }}")
    with pytest.raises(ZeroDivisionError) as caught:
        await template.render_async()
    assert caught.traceback[-1].lineno == 1


async def test_every_page_is_rendered_in_turns(app):
    assert app.jinja_env.template_class is TurnsTemplate
    assert isinstance(app.jinja_env.get_template("projects/list.html"), TurnsTemplate)


async def test_few_items_are_looked_at_before_other_work_goes_on():
    log = Log()

    async def look() -> list[str]:
        items = few_at_a_time(list("aBcDeFgH"), 2, counts=str.isupper)
        return [log.passes[-1].append(item) or item async for item in items]

    [found] = await beside_a_counter(log, look())
    assert found == list("aBcDeFgH")
    assert [made for made in log.passes if made] == [list("aBcD"), list("eFgH")]


async def test_a_large_body_is_compressed_while_other_work_goes_on():
    body = random.Random(1).randbytes(LARGE_BYTES) + b"the same again " * 100_000
    log = Log()
    counter = asyncio.create_task(log.count())
    zipped = await gzip_in_turns(body)
    counter.cancel()
    assert gzip.decompress(zipped) == body
    assert len(log.passes) > len(body) / PIECE_BYTES
