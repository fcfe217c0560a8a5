"""A person as pages name them: by the display name if they have one, and whether they are an admin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

# Only the names of deleted accounts begin with this.
DELETED_PREFIX = "deleted-"


@dataclass(frozen=True)
class Person:
    username: str
    display_name: str | None = None
    is_admin: bool = False

    @classmethod
    def of(cls, columns: Sequence[str]) -> Self:
        """Return the person of PERSON, of app/accounts/queries.py."""
        username, display_name, is_admin = columns
        return cls(username, display_name or None, is_admin == "true")

    @property
    def deleted(self) -> bool:
        return self.username.startswith(DELETED_PREFIX)

    @property
    def shown(self) -> str:
        """The name that readers see."""
        return "deleted user" if self.deleted else self.display_name or self.username
