"""The claims of the vote button in Firefox, for an <upvote-button> on a page of another site."""

from itertools import pairwise

import pytest

from app.voting.votes import Vote
from e2e.marionette import FIREFOX, running_firefox
from e2e.widget import DEBOUNCE, THROTTLE
from tests.accounts.handover.site import new_subject, signed
from tests.api.keyed import give_key
from tests.waiting import until

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(FIREFOX is None, reason="there is no Firefox, such as firefox-esr"),
]
BUTTON = "const root = document.querySelector(`upvote-button[key='${arguments[0]}']`).shadowRoot;"
RECORD = """
window.sent = [];
window.answer = (send) => send();
const send = window.fetch;
window.fetch = (address, options) => {
  if (!String(address).endsWith('/api/votes')) return send(address, options);
  const vote = JSON.parse(options.body).vote_type;
  window.sent.push({at: performance.now(), value: {up: 1, none: 0, down: -1}[vote]});
  return window.answer(() => send(address, options));
};
"""
READY = "return ![...document.querySelectorAll('upvote-button')].some(({shadowRoot}) => "
READY += "shadowRoot.querySelector('button').disabled);"
CLICK = (
    BUTTON
    + """
for (const name of arguments[1]) root.querySelector(`.vote-${name}`).click();
return performance.now();"""
)
LOOK = (
    BUTTON
    + """
const pressed = root.querySelector('[aria-pressed=true]');
const score = Number(root.querySelector('[data-score]').textContent.replace('−', '-'));
const confirmed = Number(root.querySelector('.vote-box').dataset.vote);
return [Number(pressed?.dataset.direction ?? 0), score, confirmed];"""
)
MESSAGE = BUTTON + "return root.querySelector('[role=status]').textContent;"
FOCUS = BUTTON + "return root.activeElement?.getAttribute('aria-label');"


@pytest.fixture(scope="module")
async def firefox():
    async with running_firefox() as firefox:
        yield firefox


class FirefoxButton:
    """One button on the page that Firefox shows."""

    def __init__(self, firefox, project_id: int, key: str) -> None:
        self.firefox, self.project_id, self.key = firefox, project_id, key

    async def click(self, *names: str) -> float:
        return await self.firefox.run(CLICK, self.key, names)

    async def expect(self, vote: int, score: int) -> None:
        """Wait until this is shown and confirmed."""

        async def shown() -> bool:
            return await self.firefox.run(LOOK, self.key) == [vote, score, vote]

        await until(shown, f"for vote {vote} and score {score}")

    async def painted(self) -> list[int]:
        return (await self.firefox.run(LOOK, self.key))[:2]

    async def expect_message(self, text: str) -> None:
        async def said() -> bool:
            return text in await self.firefox.run(MESSAGE, self.key)

        await until(said, f"for {text}")

    async def sent(self) -> list[dict[str, float]]:
        return await self.firefox.run("return window.sent")


@pytest.fixture
async def embed(firefox, board, db, site, base):
    async def embed(count: int = 1) -> list[FirefoxButton]:
        projects = [await board.project() for _ in range(count)]
        keys = [await give_key(db, project_id) for project_id in projects]
        await firefox.go(site.page(base, keys, signed(aud=base, sub=new_subject())))
        await firefox.run(RECORD)
        await until(lambda: firefox.run(READY), "for the buttons")
        return [FirefoxButton(firefox, *each) for each in zip(projects, keys, strict=True)]

    return embed


async def test_a_to_e_what_it_sends_and_when(embed):
    [button] = await embed()
    last = await button.click("up", "down", "up", "down", "up")
    assert await button.painted() == [1, 1]
    await button.expect(1, 1)
    await button.click("down", "down")  # back to no vote, which differs from the confirmed one
    await button.expect(0, 0)
    await button.click("up", "up")  # back to the confirmed one
    await button.click("down")
    await button.expect(-1, -1)
    sent = await button.sent()
    assert [request["value"] for request in sent] == [1, 0, -1]
    assert sent[0]["at"] - last >= DEBOUNCE - 2  # Firefox rounds its clock
    assert min(b["at"] - a["at"] for a, b in pairwise(sent)) >= THROTTLE - 2


async def test_f_a_refused_vote_is_rolled_back(embed, firefox):
    [button] = await embed()
    await firefox.run(
        "window.answer = async () => new Response('', {status: 503, headers: {'Retry-After': '600'}})"
    )
    await button.click("up")
    await button.expect_message("Your vote may not have been saved. Try again in")
    await button.expect(0, 0)
    await button.click("up")
    assert await button.painted() == [0, 0]
    assert len(await button.sent()) == 1


async def test_h_the_keyboard_works_and_the_focus_stays(embed, firefox):
    [button] = await embed()
    await firefox.press("Tab", "Space")
    await button.expect(1, 1)
    assert await firefox.run(FOCUS, button.key) == f"Upvote, {button.key}"
    await firefox.press("Tab", "Enter")
    await button.expect(-1, -1)
    assert await firefox.run(FOCUS, button.key) == f"Downvote, {button.key}"


async def test_i_and_k_a_slow_answer_disturbs_neither_its_button_nor_others(embed, firefox):
    slow, fine = await embed(2)
    await firefox.run(
        "window.answer = async (send) => {"
        " const answer = await send(); await new Promise((done) => (window.release = done));"
        " return answer; }"
    )
    await slow.click("up")
    await until(lambda: firefox.run("return Boolean(window.release)"), "for the first answer")
    await firefox.run("window.first = window.release; window.answer = (send) => send()")
    await slow.click("down")
    await fine.click("down")
    await fine.expect(-1, -1)
    assert await slow.painted() == [-1, -1]
    await firefox.run("window.first()")
    await slow.expect(-1, -1)


@pytest.mark.parametrize("moment", ["debounce", "throttle", "flight"])
async def test_j_leaving_the_page_loses_no_vote(embed, firefox, functions, base, moment):
    [button] = await embed()
    last = 1
    if moment == "throttle":
        await button.click("up")
        await button.expect(1, 1)
        last = -1
    await firefox.run(
        BUTTON
        + """
        const leave = () => (location.href = arguments[2]);
        root.querySelector(arguments[1]).click();
        if (arguments[3] !== 'flight') return leave();
        window.answer = (send) => { const answer = send(); leave(); return answer; };
        """,
        button.key,
        ".vote-up" if last == 1 else ".vote-down",
        f"{base}/register",
        moment,
    )

    async def arrived() -> bool:
        state = (await functions.read([button.project_id])).get(button.project_id)
        return state is not None and state.tally.score == last

    await until(arrived, "for what was wanted last")


async def test_l_other_votes_arrive(embed, board, batcher):
    [button] = await embed()
    await batcher.cast(Vote(button.project_id, (await board.user()).id, 1))
    await button.expect(0, 1)
