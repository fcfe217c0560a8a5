"""A model of voting in plain Python, without Redis, PostgreSQL or time."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

Pair = tuple[int, int]  # project, user


class Change(NamedTuple):
    user_id: int
    old_value: int
    new_value: int
    version: int


@dataclass
class Model:
    """The acknowledged changes of each project, the first `persisted` of them in PostgreSQL."""

    limits: tuple[int, int]  # votes of a user on a project, votes of an account; 0: no limit
    changes: dict[int, list[Change]] = field(default_factory=dict)
    persisted: Counter[int] = field(default_factory=Counter)
    acknowledged: Counter[int] = field(default_factory=Counter)  # the highest version in an answer
    unsynced: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)  # Redis was emptied after their last change
    accepted: Counter[Pair] = field(default_factory=Counter)  # votes, by project and user
    accounts: Counter[int] = field(default_factory=Counter)

    def value(self, project_id: int, user_id: int) -> int:
        return self.votes_after(self.changes[project_id]).get(user_id, 0)

    def counts(self, project_id: int) -> tuple[int, int]:
        """Return the numbers of upvotes and downvotes."""
        values = list(self.votes_after(self.changes[project_id]).values())
        return values.count(1), values.count(-1)

    @staticmethod
    def votes_after(changes: list[Change]) -> dict[int, int]:
        """Return the votes, without zeros, after these changes."""
        replayed = {change.user_id: change.new_value for change in changes}
        return {user: value for user, value in replayed.items() if value}

    def refuses(self, project_id: int, user_id: int, value: int) -> bool:
        """Return whether a limit refuses the vote. No limit refuses to take a vote back."""
        limit, account_limit = self.limits
        over = 0 < limit <= self.accepted[project_id, user_id]
        return value != 0 and (over or 0 < account_limit <= self.accounts[user_id])

    def accept(self, project_id: int, user_id: int, value: int, version: int) -> None:
        self.accepted[project_id, user_id] += 1
        self.accounts[user_id] += 1
        old = self.value(project_id, user_id)
        if old != value:
            self.changes[project_id].append(Change(user_id, old, value, version))
            self.unsynced.add(project_id)
            self.lost.discard(project_id)
        self.acknowledged[project_id] = max(version, self.acknowledged[project_id])

    def waiting(self) -> int:
        """Return how many changes are not in PostgreSQL."""
        return sum(map(len, self.changes.values())) - self.persisted.total()

    def lose_redis(self) -> None:
        """Drop the changes that were not persisted, and all limits, as emptying Redis does."""
        for project_id, changes in self.changes.items():
            del changes[self.persisted[project_id] :]
        self.lost = set(self.changes)
        self.unsynced.clear()
        self.accepted.clear()
        self.accounts.clear()
