"""Webhooks: the worker tells other sites what happens on the board, as Standard Webhooks describes.

Each event is written to a table in the transaction of the change that it tells of (events.py). The
worker sends it to every webhook that wants it (sending), at least once, and those of one project in
their order.
"""

PROJECT_SUBMITTED = "project.submitted"
PROJECT_UPDATED = "project.updated"
PROJECT_REMOVED = "project.removed"
VOTING_OPENED = "voting.opened"
VOTING_CLOSED = "voting.closed"
RESULTS_FINAL = "results.final"
TYPES = (
    PROJECT_SUBMITTED,
    PROJECT_UPDATED,
    PROJECT_REMOVED,
    VOTING_OPENED,
    VOTING_CLOSED,
    RESULTS_FINAL,
)
# The worker keeps so many apart from each other, each with connections and a thread of its own.
MOST_WEBHOOKS = 20
