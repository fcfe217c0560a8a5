"""The record of every intent to vote and of its outcome."""

from dataclasses import dataclass
from enum import StrEnum

from tests.http import Reply
from tests.vote_box import vote_and_version


class Outcome(StrEnum):
    ACKNOWLEDGED = "acknowledged"  # 200: the vote was counted
    REFUSED = "refused"  # 4xx: it was not counted
    UNSENT = "unsent"  # no connection
    UNKNOWN = "unknown"  # no answer or 5xx: it may have been counted, also later


@dataclass(slots=True)
class Intent:
    """One request to vote. Times are from the clock of the machine, which Redis uses too."""

    client: int
    port: int
    project_id: int
    user_id: int
    value: int
    sent: float
    answered: float = 0.0
    outcome: Outcome = Outcome.UNKNOWN
    status: int = 0  # HTTP status; 0: no answer
    vote: int = 0  # data-vote in the answer
    version: int = 0  # data-version in the answer

    def note(self, reply: Reply, now: float) -> None:
        self.answered, self.status = now, reply.status
        if reply.status == 200:
            self.outcome = Outcome.ACKNOWLEDGED
            self.vote, self.version = vote_and_version(reply.text)
        elif reply.status < 500:
            self.outcome = Outcome.REFUSED
