"""Two processes, and a model of what they should answer."""

from collections import defaultdict

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
)

from app.services import Services, open_services
from app.voting.events import last_entry
from tests.conftest import NO_LIMITS
from tests.properties.model import Change, Model
from tests.properties.own_board import OwnBoard
from tests.support import Board
from tests.waiting import CEILING

LIMITED = {"rate_limit_max": 3, "account_limit_max": 6}


class Processes(RuleBasedStateMachine):
    """Two processes with their own connections; four users and three projects, new for each story."""

    def __init__(self, own_board: OwnBoard) -> None:
        super().__init__()
        self.do = own_board.do
        self.own_board = own_board

    @initialize(limited=st.booleans())
    def open(self, limited: bool) -> None:
        limits = LIMITED if limited else NO_LIMITS
        settings = self.own_board.settings.model_copy(update=limits)
        self._contexts = [open_services(settings, query_seconds=CEILING) for _ in range(2)]
        self.processes: list[Services] = [self.do(c.__aenter__()) for c in self._contexts]
        self.redis, self.db = self.processes[0].redis, self.processes[0].db
        self.do(self.redis.flushall())  # removes what the last story left
        self.do(self.processes[0].functions.ping())
        board = Board(self.db)
        self.users = [user.id for user in self.do(board.users(4))]
        author = self.do(board.user())
        self.projects = [self.do(board.project(author)) for _ in range(3)]
        self.model = Model(tuple(limits.values()), {project: [] for project in self.projects})

    def teardown(self) -> None:
        for context in getattr(self, "_contexts", []):
            self.do(context.__aexit__(None, None, None))

    def _persisted(self):
        return type(self.model.persisted)(
            {project: len(events) for project, events in self._events().items()}
        )

    def _events(self) -> dict[int, list[Change]]:
        rows = self.do(
            self.db.fetch(
                "SELECT * FROM vote_events WHERE project_id = ANY ($1) ORDER BY project_id, version",
                self.projects,
            )
        )
        events = defaultdict(list)
        for row in rows:
            events[row["project_id"]].append(
                Change(row["user_id"], row["old_value"], row["new_value"], row["version"])
            )
        return events

    def _last_entry(self) -> tuple[int, int]:
        return self.do(last_entry(self.redis, 0))

    def _checkpoint(self) -> tuple[int, int]:
        row = self.do(self.db.fetchrow("SELECT last_ms, last_seq FROM stream_checkpoints"))
        return tuple(row) if row else (0, 0)
