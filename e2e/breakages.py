"""Broken buttons, one for each claim: with UPVOTE_BREAKAGE=LETTER the browser gets that one.

e2e/test_breakages.py sees the claim's tests fail on it.
"""

from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, Route

SCRIPTS = "**/static/js/vote{}.js*"
ONE_FOR_ALL = """const one = [];
  const intentions = {
    has: () => one.length, get: () => one[0], set: (_, it) => (one[0] = it)
  };"""


@dataclass(frozen=True)
class Breakage:
    """What is replaced in an answer of the server, or the settings that break the button."""

    before: str = ""
    after: str = ""
    address: str = SCRIPTS.format("")
    settings: dict[str, str] = field(default_factory=dict)


BREAKAGES = {
    "a": Breakage(settings={"DEBOUNCE_DELAY": "20"}),
    "b": Breakage(settings={"MIN_VOTE_INTERVAL": "0"}),
    "c": Breakage(
        "window.htmx.trigger(form, 'vote');\n    } else {",
        "if (!(Date.now() - state.at < 700)) window.htmx.trigger(form, 'vote');\n"
        "      state.at = Date.now();\n    } else {",
    ),
    "d": Breakage("state.want = Number(", "if (!pending(state)) state.want = Number("),
    "e": Breakage("if (state.busy || !pending(state) ||", "if (state.busy ||"),
    "f": Breakage("if (retryAfter || !pending(state)) state.want = truth(form);"),
    "g": Breakage('method="post" action="/projects/', 'action="/projects/', "**/?sort=new"),
    "h": Breakage("if (event.repeat && ", "if (false && "),
    "i": Breakage("const intentions = new WeakMap();", ONE_FOR_ALL, SCRIPTS.format("-intention")),
    "j": Breakage("addEventListener('pagehide',", "(() => {})(", SCRIPTS.format("-leave")),
    "k": Breakage("paint(box, state.want);"),
    "l": Breakage("    paint(find(form), state.want);\n  });\n})();",
                  "    paint(find(form), 0);\n  });\n})();"),
}  # fmt: skip


async def break_button(context: BrowserContext, letter: str) -> None:
    """Have every page of the context get the broken button."""
    breakage = BREAKAGES[letter]

    async def broken(route: Route) -> None:
        response = await route.fetch()
        text = await response.text()
        assert breakage.before in text, f"nothing to break for {letter}"
        await route.fulfill(response=response, body=text.replace(breakage.before, breakage.after))

    if breakage.before:
        await context.route(breakage.address, broken)
