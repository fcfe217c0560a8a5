"""What looks odd: many new accounts that voted on one project alone, made within minutes of each other.

A burst is at least MIN_ACCOUNTS accounts that have one vote in force, all the same vote on the same
project, each made at most GAP after the one before. A crowd that registers at the opening of an event
looks alike, except that such accounts voted on all projects then, and that most of the crowd voted on
more than one. So a burst is compared with what the other accounts that were made meanwhile did: it is
odd only if it is clearly larger than the share of accounts with one vote elsewhere makes likely.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from app.moderation.odd import queries
from app.services import Services

MIN_ACCOUNTS = 5
GAP = timedelta(minutes=10)
# Chance alone moves a count of n by about the square root of n. In 400 simulated openings, each of 200
# people and 10 projects, a project exceeded four times that twice, by 11 accounts at most.
DEVIATIONS = 4
# Older accounts are not looked at: of 100,000 accounts with a million votes, a run takes 1.5 s on two
# busy cores, however many more there are.
MAX_ACCOUNTS = 10_000
MAX_AGE = timedelta(days=30)
# How many findings are kept, the oddest.
MAX_FINDINGS = 100


@dataclass(frozen=True)
class Burst:
    """Accounts with the same single vote, and what other accounts that were made meanwhile voted on.

    `here` counts all votes of that time's accounts that are the same vote on this project. On other
    projects they have `other_votes` votes, `other_lone` of them from accounts with one vote.
    """

    project_id: int
    value: int
    user_ids: list[int]
    made_from: datetime
    made_until: datetime
    voted_from: datetime
    voted_until: datetime
    oldest: timedelta
    here: int
    other_lone: int
    other_votes: int

    @property
    def expected(self) -> float:
        """Return how many of the votes here would come from accounts with one vote, as elsewhere.

        With few votes elsewhere little is known, so as many as here are added to them, none of them
        from such an account.
        """
        return self.here * self.other_lone / (self.other_votes + self.here)

    @property
    def excess(self) -> float:
        return len(self.user_ids) - self.expected

    @property
    def is_odd(self) -> bool:
        return self.excess >= max(MIN_ACCOUNTS, DEVIATIONS * sqrt(self.expected), self.expected)


async def find_odd_votes(services: Services) -> int:
    """Look for odd votes, and replace what was found before; return how many groups there are."""
    bursts = [
        Burst(**row)
        for row in await queries.select_bursts(services.db, MIN_ACCOUNTS, GAP, MAX_ACCOUNTS, MAX_AGE)
    ]
    odd = sorted((burst for burst in bursts if burst.is_odd), key=lambda burst: -burst.excess)
    await queries.replace_odd_votes(
        services.db,
        [
            (
                burst.project_id,
                burst.value,
                burst.user_ids,
                *(burst.made_from, burst.made_until, burst.voted_from, burst.voted_until),
                burst.oldest,
                *(burst.other_lone, burst.other_votes, burst.excess),
            )
            for burst in odd[:MAX_FINDINGS]
        ],
    )
    return len(odd)
