"""The signals that `upvote serve` handles, and how long the end after one of them takes."""

import signal

SERVE_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# s; the sum of the stop times of all programs in supervisor_config.PROGRAMS (12 + 12 + 10 + 30) and 2
# more.
STOP_TIMEOUT = 66
# s; serve as a whole, from the signal on: after supervisord was killed, the kernel ends its programs.
SERVE_TIMEOUT = STOP_TIMEOUT + 10


def ignore_signals() -> None:
    """Ignore further signals while the programs stop, which takes a limited time."""
    for number in SERVE_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
