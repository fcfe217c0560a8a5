"""The signals that `upvote serve` handles."""

import signal

SERVE_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ignore_signals() -> None:
    """Ignore further signals while the programs stop, which takes a limited time."""
    for number in SERVE_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
