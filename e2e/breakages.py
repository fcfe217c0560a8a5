"""A broken button for each claim, which the browser gets with UPVOTE_BREAKAGE=LETTER.

e2e/test_breakages.py checks that the tests of the claim then fail.
"""

from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, Route

MODULES = "**/static/js/main.js*"  # the bundle of all modules
ONE_FOR_ALL = """const one = [];
  const intentions = {
    has: () => one.length, get: () => one[0], set: (_, it) => (one[0] = it)
  };"""


@dataclass(frozen=True)
class Breakage:
    """A replacement in an answer of the server, or settings, that break the button."""

    before: str = ""
    after: str = ""
    address: str = ""
    settings: dict[str, str] = field(default_factory=dict)


BREAKAGES = {
    "a": Breakage(settings={"DEBOUNCE_DELAY": "20"}),
    "b": Breakage(settings={"MIN_VOTE_INTERVAL": "0"}),
    "c": Breakage(
        "sendThrottled(form);\n  } else {",
        "if (!(Date.now() - intention.at < 700)) sendThrottled(form);\n"
        "    intention.at = Date.now();\n  } else {",
        MODULES,
    ),
    "d": Breakage(
        "intention.wanted = vote;",
        "if (intention.wanted === intention.sent) intention.wanted = vote;",
        MODULES,
    ),
    "e": Breakage("intention.inFlight || !isPending(intention) ||", "intention.inFlight ||", MODULES),
    "f": Breakage(
        "if (retryAfter || !isPending(intention)) intention.wanted = confirmed;", address=MODULES
    ),
    "g": Breakage('method="post" action="/projects/', 'action="/projects/', "**/?sort=new"),
    "h": Breakage("if (event.repeat && ", "if (false && ", MODULES),
    "i": Breakage("const intentions = new WeakMap();", ONE_FOR_ALL, MODULES),
    "j": Breakage("addEventListener('pagehide', () =>", "(() => {})(() =>", MODULES),
    "k": Breakage("paint(box, intention.wanted);", address=MODULES),
    "l": Breakage(
        "intention.sent = state.vote;\n  }\n  paint(findBox(owner), intention.wanted);",
        "intention.sent = state.vote;\n  }\n  paint(findBox(owner), 0);",
        MODULES,
    ),
}


async def break_button(context: BrowserContext, letter: str) -> None:
    """Serve the broken button to every page of the context."""
    breakage = BREAKAGES[letter]

    async def broken(route: Route) -> None:
        response = await route.fetch()
        text = await response.text()
        assert text.count(breakage.before) == 1, f"nothing to break for {letter}"
        await route.fulfill(response=response, body=text.replace(breakage.before, breakage.after))

    if breakage.before:
        await context.route(breakage.address, broken)
