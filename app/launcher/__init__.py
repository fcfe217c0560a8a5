"""`upvote serve`: the process tree of the whole board, started and stopped in order."""
