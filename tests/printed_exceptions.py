"""A pytest hook that fails a test if an unexpected exception was printed while it ran.

pytest also captures the output of child processes, so tracebacks of a web process or a worker count
too. A test that expects one is marked with `@pytest.mark.provokes("RuntimeError: …")`, and fails if it
is not printed.
"""

import re
from collections.abc import Iterator

import pytest

PRINTED = re.compile(
    r"Traceback \(most recent call last\)|Exception in ASGI application"
    # Playwright leaves its task of a routed request behind that the page has given up.
    r"|exception was never retrieved|was destroyed but it is pending(?!.*playwright/_impl)"
)
BEFORE, AFTER = 300, 3000  # characters of output in the report, around the match


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    provoked = [text for mark in item.iter_markers("provokes") for text in mark.args]
    printed = "\n".join(text for title, text in report.sections if title.startswith("Captured"))
    if report.passed and not provoked and (found := PRINTED.search(printed)):
        report.outcome = "failed"
        around = printed[max(0, found.start() - BEFORE) : found.start() + AFTER]
        report.longrepr = f"An unexpected exception was printed ({report.when}):\n{around}"
    missing = [text for text in provoked if text not in printed]
    if report.passed and report.when == "teardown" and missing:
        report.outcome = "failed"
        report.longrepr = f"The test expects {missing}, which was not printed."
    return report
