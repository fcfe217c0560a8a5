"""The program that `upvote web` becomes, with votes that are too old after a moment, for a test.

The serving process imports this module too, as multiprocessing does with the module that was run.
"""

import os

from app.server.listener import open_listener
from app.server.parent import environment_for_children
from app.server.web import BACKLOG, main
from app.voting import arrivals, batcher

VOTE_SECONDS = 0.5

if __name__ in ("__main__", "__mp_main__"):  # not in the process of the tests
    batcher.VOTE_SECONDS = VOTE_SECONDS
    arrivals.PERIOD_SECONDS = 0.1
    arrivals.STALL_SECONDS = 0.2

if __name__ == "__main__":
    listener = open_listener("127.0.0.1", int(os.environ["PORT"]), BACKLOG)
    os.environ.update(environment_for_children())
    main(
        {
            "listener": listener.detach(),
            "processes": 1,
            "log_format": "text",
            "log_level": "INFO",
        }
    )
