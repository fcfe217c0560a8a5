"""The audit: proves that events, votes, tallies and Redis agree, and mends what does not."""
