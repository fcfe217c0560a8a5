"""`upvote serve`: every process of the board in one tree, started in order, stopped in order."""
