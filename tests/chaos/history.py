"""The log of every intent to vote and of what became of it."""

from dataclasses import dataclass
from enum import StrEnum

from tests.http import Reply
from tests.stack.test_votes import box


class Outcome(StrEnum):
    ACKNOWLEDGED = "acknowledged"  # 200: the vote stands
    REFUSED = "refused"  # 4xx: it was not counted
    UNSENT = "unsent"  # nobody listened
    UNKNOWN = "unknown"  # no answer or 5xx: it may have been counted, and may yet be


@dataclass(slots=True)
class Intent:
    """One request to vote. Times are those of the machine's clock, which is Redis' as well."""

    client: int
    port: int
    project_id: int
    user_id: int
    value: int
    sent: float
    answered: float = 0.0
    outcome: Outcome = Outcome.UNKNOWN
    status: int = 0  # of HTTP; 0: no answer
    vote: int = 0  # data-vote of the answer
    version: int = 0  # data-version of the answer

    def note(self, reply: Reply, now: float) -> None:
        self.answered, self.status = now, reply.status
        if reply.status == 200:
            self.outcome = Outcome.ACKNOWLEDGED
            self.vote, self.version = box(reply.text)
        elif reply.status < 500:
            self.outcome = Outcome.REFUSED
