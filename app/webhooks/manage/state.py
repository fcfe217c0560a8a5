"""How webhooks are doing, for `upvote webhook list`, /ops, /metrics and `upvote doctor`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from asyncpg import Connection, Pool

from app.webhooks.addresses import shown_url
from app.webhooks.manage import queries

# A receiver that restarts is away for less than this; then its operator may want to know.
PATIENCE = timedelta(minutes=5)


@dataclass(frozen=True)
class WebhookState:
    """A webhook, and how many of its events wait, have failed at least once, or were given up."""

    id: int
    url: str
    events: list[str]
    created_at: datetime
    disabled_at: datetime | None
    waiting: int
    failing: int
    oldest: timedelta | None  # how long the oldest that has failed has been waiting
    given_up: int  # within the last day
    problem: str | None  # of the last try that failed, of those that wait or were given up
    delivered_at: datetime | None

    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None

    @property
    def is_wrong(self) -> bool:
        """Return whether somebody should look at it."""
        late = self.oldest is not None and self.oldest > PATIENCE
        return late or self.given_up > 0 or self.disabled

    @property
    def name(self) -> str:
        """Its number and address, without what may be secret in it."""
        return f"{self.id} ({shown_url(self.url)})"

    @property
    def words(self) -> str:
        """Return how it is doing, in words."""
        if self.disabled:
            return "disabled, since its receiver answered 410 (Gone)"
        parts = [f"{self.waiting:,} waiting"] if self.waiting else []
        parts += [f"{self.failing:,} of them failing"] if self.failing else []
        parts += [f"{self.given_up:,} given up within a day"] if self.given_up else []
        words = ", ".join(parts) or "nothing waits"
        return f"{words}: {self.problem}" if self.problem else words


async def read_states(db: Pool | Connection) -> list[WebhookState]:
    """Return all webhooks, the oldest first."""
    return [WebhookState(**row) for row in await queries.select_states(db)]
