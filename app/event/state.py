"""What a web process shares among the requests for results and screens."""

from functools import partial

from quart import current_app

from app.board.tracks import Track
from app.event.live_standings import LiveStandings
from app.event.queries import select_listed
from app.event.results import Results, open_again, read_results
from app.event.shared_results import SharedResults
from app.services import Services


class EventState:
    """Reads once for everybody who asks at the same time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._shared = SharedResults(
            partial(read_results, services), partial(select_listed, services.db)
        )
        self.live = LiveStandings(services.db, services.functions)

    async def results(self, track: Track | None) -> Results:
        """Return the results of a track, or of all projects. Raises StillCounting if they take long."""
        return open_again(await self._shared.get(track), self._services.board)


def event() -> EventState:
    """Return the state of the app that handles this request."""
    found: EventState = current_app.extensions["upvote_event"]
    return found
