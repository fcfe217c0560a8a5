"""Fails a test during which an exception was printed that the test did not provoke.

pytest captures what children write as well, so a traceback of a web process or a worker counts too.
A test that provokes one says so, and fails where it is not printed:
`@pytest.mark.provokes("RuntimeError: …")`.
"""

import re
from collections.abc import Iterator

import pytest

PRINTED = re.compile(
    r"Traceback \(most recent call last\)|Exception in ASGI application"
    r"|exception was never retrieved|was destroyed but it is pending"
)
BEFORE, BEHIND = 300, 3000  # characters of the output that the report shows


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    provoked = [text for mark in item.iter_markers("provokes") for text in mark.args]
    printed = "\n".join(text for title, text in report.sections if title.startswith("Captured"))
    if report.passed and not provoked and (found := PRINTED.search(printed)):
        report.outcome = "failed"
        around = printed[max(0, found.start() - BEFORE) : found.start() + BEHIND]
        report.longrepr = f"An exception was printed that was not provoked ({report.when}):\n{around}"
    missing = [text for text in provoked if text not in printed]
    if report.passed and report.when == "teardown" and missing:
        report.outcome = "failed"
        report.longrepr = f"The test provokes {missing}, which was not printed."
    return report
