"""`upvote demo --event`: a hackathon in mid-event, with tracks, teams, times, secret tallies and votes.

Everything goes the way that an organiser's changes and people's votes go.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from random import Random

from app.accounts.passwords import hash_password
from app.board.change import change_board
from app.board.change_tracks import add_track
from app.board.queries import select_board_settings
from app.board.tracks import Track
from app.board.tracks.queries import select_tracks
from app.demo import VOTES_AT_ONCE, cast_with_retries, login, queries
from app.demo.content import PROJECTS, ProjectText
from app.demo.plan import endless_usernames
from app.errors import OperatorError
from app.projects.queries import insert_project
from app.projects.team.queries import insert_invitation, update_accepted
from app.services import Services, open_services
from app.settings import Settings
from app.voting.votes import Vote

ORGANISER = "organiser"
ACCOUNTS = 200
VOTING = timedelta(hours=2)
LARGEST_TEAM = 4  # beside the author
FEWEST_VOTES, MOST_VOTES = 2, 12  # of an account
BOARD = {
    "name": "Autumn Hackathon",
    "tagline": "48 hours, 25 projects, one evening of votes",
    "tallies": "after_voting",
    "downvotes": "no",
    "self_votes": "no",
    "vote_from": "now",
    "submit_until": "now",
}
TRACKS = {
    "town": "Town and nature",
    "build": "Things you can build",
    "play": "Learn and play",
}
# How the titles begin.
PROJECTS_OF = {
    "town": (
        "Where the benches", "Every bus", "Queue at", "Night trains", "A field guide", "Which trees",
        "Soil moisture", "A river gauge", "How far is",
    ),
    "build": (
        "Tidewatch", "Pocket synth", "Lumen", "A wind harp", "A wheelchair ramp", "A bat detector",
        "Sundial", "An honest battery",
    ),
    "play": (
        "Hexfall", "Small Talk for", "Chess for", "Teach the water", "One-button", "Ghost notes",
        "Paper computers", "日本の手ぬぐい",
    ),
}  # fmt: skip
OTHER_CONTENT = (
    "This board has content or settings that are not those of a demo, so nothing was added. "
    "Try it with another DATA_DIR, or with another database."
)
PEOPLE = (
    "People have registered on this board, so nothing was added. "
    "Try it with another DATA_DIR, or with another database."
)


async def load_event(settings: Settings) -> str:
    """Make the board a hackathon whose voting ends in two hours; return what there is to see.

    On a board that is one already, voting only goes on for two hours more. Raises OperatorError for a
    board with other content.
    """
    unlimited = settings.model_copy(update={"rate_limit_max": 0, "account_limit_max": 0})
    async with open_services(unlimited, query_seconds=60) as services:
        await services.board.refresh()
        if await _is_event(services):
            await _set_times(services, {})
            return "This board was a demo event already. Voting ends two hours from now."
        await _require_no_other_content(services, settings)
        await _load(services, settings)
    name, password = login(settings)
    return (
        f"A hackathon in mid-event: voting ends in two hours, and its tallies are secret until then.\n"
        f"Sign in as a voter: {name} / {password}\n"
        f"Sign in as the organiser: {ORGANISER} / {password}\n"
        f"See /, /?track=town, /results, /screen, /admin/board and /admin/tracks."
    )


async def _is_event(services: Services) -> bool:
    return {track.slug for track in await select_tracks(services.db)} == set(TRACKS)


async def _require_no_other_content(services: Services, settings: Settings) -> None:
    """Raise OperatorError for a board that people use; admins alone are those who try it."""
    stored = await select_board_settings(services.db)
    is_set = any(value is not None for key, value in stored.items() if key != "revision")
    if is_set or await select_tracks(services.db) or not await queries.is_demo(services.db):
        raise OperatorError(OTHER_CONTENT)
    if await queries.has_people(services.db, (login(settings)[0], ORGANISER)):
        raise OperatorError(PEOPLE)


async def _load(services: Services, settings: Settings) -> None:
    rng = Random(16)
    for slug, name in TRACKS.items():
        await add_track(services.board, None, slug, name)
    users = await _insert_users(services, settings, rng)
    project_ids = await _insert_projects(services, rng, users)
    await _set_times(services, BOARD)
    votes = _plan_votes(rng, users, project_ids)
    while batch := list(islice(votes, VOTES_AT_ONCE)):
        await asyncio.gather(*[cast_with_retries(services.batcher, vote) for vote in batch])
    await services.persist_events()
    await services.sync.run()


async def _set_times(services: Services, texts: dict[str, str]) -> None:
    until = (services.board.now() + VOTING).replace(second=0, microsecond=0).isoformat()
    await change_board(services.board, None, {**texts, "vote_until": until})


async def _insert_users(services: Services, settings: Settings, rng: Random) -> list[int]:
    """Create the accounts, of which two can sign in; return the ids of the voters, the demo's first."""
    name, password = login(settings)
    password_hash = await hash_password(password)
    async with services.db.acquire() as db, db.transaction():
        await queries.insert_users(db, [ORGANISER])
        await queries.update_admin(db, ORGANISER)
        users = await queries.insert_users(db, list(islice(endless_usernames(rng), ACCOUNTS)))
        for each in (name, ORGANISER):
            await queries.update_login(db, each, password_hash)
    return users


async def _insert_projects(services: Services, rng: Random, users: Sequence[int]) -> list[int]:
    """Submit the projects, each by its team, and return their ids."""
    tracks = {track.slug: track for track in await select_tracks(services.db)}
    people = iter(rng.sample(users[1:], len(users) - 1))  # nobody is on two teams
    texts = [(text, tracks[slug]) for slug in TRACKS for text in _texts_of(slug)]
    rng.shuffle(texts)
    project_ids = [await _insert_project(services, rng, people, *pair) for pair in texts]
    async with services.db.acquire() as db, db.transaction():
        demo, (first, second, *_) = users[0], project_ids
        await insert_invitation(db, first, demo)
        await update_accepted(db, first, demo, withdraw_vote=False)
        await insert_invitation(db, second, demo)  # still to be answered
        await queries.update_submitted(db, project_ids, timedelta(hours=30))
    return project_ids


def _texts_of(slug: str) -> list[ProjectText]:
    return [text for text in PROJECTS if text.title.startswith(PROJECTS_OF[slug])]


async def _insert_project(
    services: Services, rng: Random, people: Iterator[int], text: ProjectText, track: Track
) -> int:
    author, *members = islice(people, 1 + rng.randint(0, LARGEST_TEAM))
    async with services.db.acquire() as db, db.transaction():
        project_id = await insert_project(db, author, text.title, text.url, text.description, track.id)
        for member in members:
            await insert_invitation(db, project_id, member)
            await update_accepted(db, project_id, member, withdraw_vote=False)
    return project_id


def _plan_votes(rng: Random, users: Sequence[int], project_ids: Sequence[int]) -> Iterator[Vote]:
    """Yield the votes of all users; some projects are liked more than others.

    Votes on a user's own project are among them, and are refused as everybody's.
    """
    liked = {project_id: rng.random() ** 2 + 0.1 for project_id in project_ids}
    for user_id in users:
        count = rng.randint(FEWEST_VOTES, MOST_VOTES)
        chosen = rng.choices(list(liked), list(liked.values()), k=count)
        yield from (Vote(project_id, user_id, 1) for project_id in dict.fromkeys(chosen))
