"""The signals that end `upvote serve`; SIGHUP ends it where it has a terminal."""

import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ignore_signals() -> None:
    """Ignore further signals while the programs stop, which takes a limited time."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
