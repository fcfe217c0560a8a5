"""What voting promises, as plain Python: no Redis, no PostgreSQL, no time."""

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
    """The changes of each project, as told; the first `persisted` of them are in PostgreSQL."""

    limits: tuple[int, int]  # votes of a user on a project, votes of an account; 0: no limit
    changes: dict[int, list[Change]] = field(default_factory=dict)
    persisted: Counter[int] = field(default_factory=Counter)
    told: Counter[int] = field(default_factory=Counter)  # the highest version that anyone was told
    unsynced: set[int] = field(default_factory=set)
    forgot: set[int] = field(default_factory=set)  # since their last change Redis has been emptied
    accepted: Counter[Pair] = field(default_factory=Counter)  # votes, by project and user
    accounts: Counter[int] = field(default_factory=Counter)

    def value(self, project_id: int, user_id: int) -> int:
        return self.standing(self.changes[project_id]).get(user_id, 0)

    def counts(self, project_id: int) -> tuple[int, int]:
        """Upvotes and downvotes."""
        values = list(self.standing(self.changes[project_id]).values())
        return values.count(1), values.count(-1)

    @staticmethod
    def standing(changes: list[Change]) -> dict[int, int]:
        """The votes that a row of changes leads to."""
        replayed = {change.user_id: change.new_value for change in changes}
        return {user: value for user, value in replayed.items() if value}

    def refuses(self, project_id: int, user_id: int, value: int) -> bool:
        """Taking back is never refused. No window passes while an example runs."""
        most, most_of_account = self.limits
        over = 0 < most <= self.accepted[project_id, user_id]
        return value != 0 and (over or 0 < most_of_account <= self.accounts[user_id])

    def accept(self, project_id: int, user_id: int, value: int, version: int) -> None:
        self.accepted[project_id, user_id] += 1
        self.accounts[user_id] += 1
        old = self.value(project_id, user_id)
        if old != value:
            self.changes[project_id].append(Change(user_id, old, value, version))
            self.unsynced.add(project_id)
            self.forgot.discard(project_id)
        self.told[project_id] = max(version, self.told[project_id])

    def waiting(self) -> int:
        """How many changes are not in PostgreSQL."""
        return sum(map(len, self.changes.values())) - self.persisted.total()

    def forget(self) -> None:
        """Redis is emptied: what was not persisted is gone, and so are the limits."""
        for project_id, changes in self.changes.items():
            del changes[self.persisted[project_id] :]
        self.forgot = set(self.changes)
        self.unsynced.clear()
        self.accepted.clear()
        self.accounts.clear()
