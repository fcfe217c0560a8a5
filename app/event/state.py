"""What a web process shares among the requests for results and screens."""

from quart import current_app

from app.board.tracks import Track
from app.event.live_standings import LiveStandings
from app.event.results import Results, read_results
from app.services import Services
from app.single_flight import SingleFlight


class EventState:
    """Reads once for everybody who asks at the same time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._results = SingleFlight[Results]()
        self.live = LiveStandings(services.db, services.functions)

    async def results(self, track: Track | None) -> Results:
        """Return the results of a track, or of all projects."""
        return await self._results.run(track, lambda: read_results(self._services, track))


def event() -> EventState:
    """Return the state of the app that handles this request."""
    found: EventState = current_app.extensions["upvote_event"]
    return found
