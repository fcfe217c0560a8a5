"""The board as a process knows it: its settings, the time of its votes, and what follows from both."""

import contextlib
import time
from datetime import UTC, datetime
from typing import Any, Literal

import structlog
from asyncpg import Pool

from app.board import queries
from app.board.settings import BoardSettings, defaults_of, with_stored
from app.board.tracks import Track
from app.board.tracks.queries import select_tracks
from app.errors import VotesUnavailable
from app.logs import line_limit
from app.settings import Settings
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.voting.rules import from_unix_ms
from app.voting.rules.functions import RuleFunctions
from app.voting.rules.publish import publish_rules

log = structlog.get_logger()

# Redis is asked only so seldom by `follow` when it is known to have the rules of the last change.
REDIS_TURNS = 6

Phase = Literal["before", "open", "ended"]


class Board:
    """Knows the settings up to FOLLOW_SECONDS late, where `follow` is repeated.

    Votes obey a change at once: Redis has the rules. A process that starts while PostgreSQL is away
    asks Redis whether tallies are secret. Until it knows, they count as secret.
    """

    def __init__(self, settings: Settings, db: Pool, rules: RuleFunctions) -> None:
        self._defaults = defaults_of(settings)
        self.db, self.rules = db, rules
        self.settings: BoardSettings = self._defaults
        self.tracks: tuple[Track, ...] = ()  # by name
        self.known = False
        self._read_revision = -1
        self._redis_revision: int | None = None  # that every shard had when it was asked last
        self._turn = 0
        # What was known of voting when everything had been announced: the revision, and the phase.
        self.announced: tuple[int, Phase] | None = None
        self._ahead = 0.0  # of the clock of Redis, s
        self._secret_in_redis = True

    def now(self) -> datetime:
        """Return the time by which votes are accepted, which is that of Redis."""
        return datetime.fromtimestamp(time.time() + self._ahead, UTC)

    async def read_now(self) -> datetime:
        """Ask Redis for its time; while it is away, return what this process knows of it.

        `now` is not before that time any more: whoever opens voting at once sees it open.
        """
        sent = time.time()
        try:
            now_ms = (await self.rules.state(0)).now_ms
        except VotesUnavailable:
            now_ms = int(self.now().timestamp() * 1000)
        else:
            self._note_clock(now_ms, sent)
        return from_unix_ms(now_ms) or self.now()

    def _note_clock(self, now_ms: int, sent: float) -> None:
        self._ahead = now_ms / 1000 - (sent + time.time()) / 2

    def voting_phase(self) -> Phase:
        """Return "before", "open" or "ended"."""
        begin, end = self.settings.vote_from, self.settings.vote_until
        return phase_of(self.now(), begin, end) if begin or end else "open"

    def submitting_phase(self) -> Phase:
        """Return "open" while authors may submit, edit and delete projects, else "before" or "ended".

        The end of voting is an end of that too: nothing changes after it.
        """
        return phase_of(self.now(), self.settings.submit_from, self.settings.submitting_end)

    def is_secret(self) -> bool:
        """Return whether only admins may see the tallies now."""
        if not self.known:
            return self._secret_in_redis
        match self.settings.tallies:
            case "after_voting":
                return self.voting_phase() != "ended"
            case "after_reveal":
                return self.settings.can_be_revealed
        return False

    def is_private(self) -> bool:
        """Return whether every answer needs an account; until this is known, it counts as private."""
        return self.settings.private or not self.known

    def hidden_until(self) -> str:
        """Return until when tallies are secret, in words that follow "hidden"."""
        match self.settings.tallies:
            case "after_voting":
                return "until voting ends"
            case "after_reveal":
                return "until the organisers reveal them"
        return "for a moment"

    def view(self) -> tuple[int, Phase, bool]:
        """Return what every rendered page and fragment depends on."""
        return self.settings.revision, self.voting_phase(), self.is_secret()

    def resolve(self, stored: dict[str, Any]) -> BoardSettings:
        """Return the settings that these stored values give; None stands for the default."""
        return with_stored(self._defaults, stored)

    def learn(self, settings: BoardSettings, tracks: tuple[Track, ...] | None = None) -> None:
        """Obey settings that this process has stored or read, unless it knows of later ones by now.

        The next refresh reads them again.
        """
        self._read_revision = -1
        if not self.known or settings.revision >= self.settings.revision:
            self._obey(settings, tracks)

    def _obey(self, settings: BoardSettings, tracks: tuple[Track, ...] | None) -> None:
        self.settings, self.known = settings, True
        if tracks is not None:
            self.tracks = tracks

    async def refresh(self) -> None:
        """Read the settings if they have changed, and let the shards obey their rules.

        Raises one of DATABASE_AWAY.
        """
        # A shard that was away during a change may have got it since, though it was taken back.
        revisions = {await self._read_redis(), *await self.rules.revisions_elsewhere()}
        self._redis_revision = revisions.copy().pop() if len(revisions) == 1 else None
        # Not that of what this process has changed itself: others may have changed tracks before it.
        if await queries.select_revision(self.db) != self._read_revision:
            await self._read_all()
        if revisions - {None, self.settings.revision}:
            await publish_rules(self.db, self.rules)

    async def _read_all(self) -> None:
        """Read the settings and tracks, also older ones: PostgreSQL may have gone back in time.

        What this process stores meanwhile is later than what is read, which the next refresh replaces.
        """
        before = self.settings
        settings = self.resolve(await queries.select_board_settings(self.db))
        tracks = await select_tracks(self.db)
        if self.settings == before:
            self._obey(settings, tracks)
            self._read_revision = settings.revision

    async def make_sure(self) -> None:
        """Ask Redis whether tallies are secret, before an answer that shows one, if no server has said
        it yet: Redis may have come back a moment ago, and PostgreSQL not.
        """
        if self.is_unsure():
            await self._read_redis()

    def is_unsure(self) -> bool:
        return not self.known and self._secret_in_redis

    async def _read_redis(self) -> int | None:
        """Note the clock of Redis, and return the revision of its rules; None while it is away."""
        sent = time.time()
        try:
            revision, now_ms, self._secret_in_redis = await self.rules.state(0)
        except VotesUnavailable:
            return None
        self._note_clock(now_ms, sent)
        return revision

    async def follow(self, revision: int | None) -> None:
        """Refresh if this revision, which PostgreSQL has, is new, or Redis may lack its rules.

        Called again and again. None: PostgreSQL is away, so only the clock of Redis is read.
        """
        self._turn = (self._turn + 1) % REDIS_TURNS
        has_rules = self.known and self._redis_revision == self.settings.revision
        if revision is None:
            await self._read_redis()
        elif revision != self._read_revision or not has_rules or self._turn == 0:
            await self.try_to_refresh()

    async def read_revision(self) -> int | None:
        """Return the revision that PostgreSQL has, or None while it is away."""
        with contextlib.suppress(*DATABASE_AWAY):
            return await queries.select_revision(self.db)
        return None

    async def try_to_refresh(self) -> None:
        """Refresh; while a server is away, what is known stays."""
        try:
            await self.refresh()
        except (*DATABASE_AWAY, *REDIS_AWAY, VotesUnavailable) as error:
            log.debug("board settings not updated", reason=repr(error))
        except Exception:
            if line_limit.is_due("board settings"):
                log.exception("reading the board's settings failed")


def phase_of(now: datetime, begin: datetime | None, end: datetime | None) -> Phase:
    """Return "before" (the beginning), "ended" (at the end and after it), or "open"."""
    if begin and now < begin:
        return "before"
    return "ended" if end and now >= end else "open"
