"""The first page of a list for those who are signed in: what is alike for all of them is made once.

Order and texts are read together for all who ask within FRESH_SECONDS. Tallies and one's own votes are
of the moment, for everybody: one call to Redis, for all who are waiting for it.
"""

from collections.abc import Sequence

from quart import Quart

from app.accounts.sessions import User
from app.fast.group_calls import CallBatcher
from app.fast.page_pieces import Drawing, ListPieces
from app.fast.visitor_pages import FRESH_SECONDS
from app.projects import queries
from app.projects.lists import list_view, ranked_page
from app.services import Services
from app.single_flight import SharedCache
from app.voting.votes import Opinions, Standing, VotesUnavailable

MOST_LISTS = 50  # of some 200 kB


class MemberLists:
    """Draws lists outside of any request."""

    def __init__(self, app: Quart) -> None:
        self._app = app
        self._drawing = Drawing(app)
        self._lists: SharedCache[_MemberList] = SharedCache(FRESH_SECONDS, MOST_LISTS)

    async def page(self, sort: str, window: str, user: User) -> bytes:
        """What GET /?sort=…&t=… shows this user, as HTML. Raises DATABASE_AWAY."""
        shared = await self._lists.get((sort, window), lambda: self._read(sort, window))
        return await shared.page(user)

    def forget(self) -> None:
        """Whoever asks from now on finds what has been written until now."""
        self._lists.forget()

    async def _read(self, sort: str, window: str) -> "_MemberList":
        async with self._app.app_context():
            page = await ranked_page(sort, window, None, None)
        pieces = ListPieces(self._drawing, list_view(page, sort, window))
        return _MemberList(self._app.extensions["upvote"], pieces)


class _MemberList:
    """A list as nobody in particular sees it, and its readers."""

    def __init__(self, services: Services, pieces: ListPieces) -> None:
        self._services = services
        self._pieces = pieces
        self._readers = CallBatcher(self._find)

    async def page(self, user: User) -> bytes:
        found = await self._readers.ask(user.id)
        opinions = [found[row.id] for row in self._pieces.rows]
        standings = [Standing(opinion.tally, opinion.values[user.id]) for opinion in opinions]
        is_admin = user.id in self._services.admin_ids
        return self._pieces.join(user, standings, is_admin=is_admin)

    async def _find(self, user_ids: Sequence[int]) -> dict[int, Opinions]:
        """How each of the projects stands to each of the users."""
        opinions = await self._live(user_ids)
        cold = [row.id for row in self._pieces.rows if row.id not in opinions]
        if cold:
            opinions |= await self._persisted(cold, user_ids)
        return opinions

    async def _live(self, user_ids: Sequence[int]) -> dict[int, Opinions]:
        """Of the hot projects; of none, while Redis is away."""
        try:
            ids = [row.id for row in self._pieces.rows]
            return await self._services.functions.opinions(ids, user_ids)
        except VotesUnavailable:
            return {}

    async def _persisted(self, cold: list[int], user_ids: Sequence[int]) -> dict[int, Opinions]:
        """Tallies as last synced, votes as last persisted."""
        votes = await queries.select_votes_of(self._services.db, cold, user_ids)
        return {
            row.id: Opinions(row.widget.tally, {u: votes.get((row.id, u), 0) for u in user_ids})
            for row in self._pieces.rows
            if row.id in cold
        }
