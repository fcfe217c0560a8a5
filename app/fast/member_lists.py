"""The first page of a list for signed-in people: what is the same for all of them is made once.

Order and texts are read once for everybody who asks within FRESH_SECONDS. Tallies and the reader's own
votes are read from Redis for every page, in one call for all who are waiting.
"""

from collections.abc import Sequence

from quart import Quart

from app.accounts.state import AccountsState
from app.accounts.user import User
from app.errors import VotesUnavailable
from app.fast.page_pieces import PagePieces, PageTemplates
from app.fast.visitor_pages import FRESH_SECONDS
from app.group_calls import GroupCalls
from app.projects import queries
from app.projects.lists import list_view, ranked_page
from app.services import Services
from app.single_flight import SharedCache
from app.voting.replies import States
from app.voting.votes import ShownState

MAX_LISTS = 50  # of about 200 kB


class MemberLists:
    """Renders lists outside of any request."""

    def __init__(self, app: Quart) -> None:
        self._app = app
        self._templates = PageTemplates(app)
        self._lists: SharedCache[_MemberList] = SharedCache(FRESH_SECONDS, MAX_LISTS)

    async def page(self, sort: str, window: str, user: User) -> bytes:
        """Return the HTML that GET /?sort=…&t=… shows this user. Raises one of DATABASE_AWAY."""
        # A list that was made before the board changed is not shown after it.
        view = self._app.extensions["upvote"].board.view()
        shared = await self._lists.get((sort, window, view), lambda: self._read(sort, window))
        return await shared.page(user)

    def clear(self) -> None:
        """Clear the cache, because something was written."""
        self._lists.clear()

    async def _read(self, sort: str, window: str) -> "_MemberList":
        async with self._app.app_context():
            page = await ranked_page(sort, window, None, None)
        pieces = PagePieces(self._templates, list_view(page, sort, window))
        await pieces.prepare()
        extensions = self._app.extensions
        return _MemberList(extensions["upvote"], extensions["upvote_accounts"], pieces)


class _MemberList:
    """One list and its readers."""

    def __init__(self, services: Services, accounts: AccountsState, pieces: PagePieces) -> None:
        self._services = services
        self._accounts = accounts
        self._pieces = pieces
        self._readers = GroupCalls(self._find)

    async def page(self, user: User) -> bytes:
        found = await self._readers.ask(user.id)
        states = [found[row.id][user.id] for row in self._pieces.rows]
        return await self._pieces.join(user, states, is_admin=user.id in self._accounts.admin_ids)

    async def _find(self, user_ids: Sequence[int]) -> dict[int, dict[int, ShownState]]:
        """Return the state of each project of the list as each of the users sees it."""
        live = await self._live(user_ids)
        states = {p: {u: self._accounts.shown(live[p][u], u) for u in user_ids} for p in live}
        cold = [row.id for row in self._pieces.rows if row.id not in states]
        if cold:
            states |= await self._persisted(cold, user_ids)
        return states

    async def _live(self, user_ids: Sequence[int]) -> dict[int, States]:
        """Return the states of the cached projects; none while Redis is away."""
        try:
            ids = [row.id for row in self._pieces.rows]
            return await self._services.functions.read_for_users(ids, user_ids)
        except VotesUnavailable:
            return {}

    async def _persisted(
        self, cold: list[int], user_ids: Sequence[int]
    ) -> dict[int, dict[int, ShownState]]:
        """Return tallies as last synced, as a visitor sees them, and votes as last persisted."""
        votes = await queries.select_votes_of(self._services.db, cold, user_ids)
        tallies = {row.id: row.vote_box.state.tally for row in self._pieces.rows}
        return {p: {u: ShownState(tallies[p], votes.get((p, u), 0)) for u in user_ids} for p in cold}
