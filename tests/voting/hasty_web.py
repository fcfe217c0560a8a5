"""`upvote web` whose votes are too old after a moment, for a test that freezes it.

The serving process imports this module too, as multiprocessing does with the module that was run.
"""

import sys

from app.commands import main
from app.voting import arrivals, batcher

VOTE_SECONDS = 0.5

if __name__ in ("__main__", "__mp_main__"):  # not in the process of the tests
    batcher.VOTE_SECONDS = VOTE_SECONDS
    arrivals.PERIOD_SECONDS = 0.1
    arrivals.STALL_SECONDS = 0.2

if __name__ == "__main__":
    sys.argv[1:] = ["web"]
    main()
