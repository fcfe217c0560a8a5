"""What a board with a budget says to people: how many votes are left, and which could be taken back."""

from quart import g

from app.accounts.sessions import signed_in_id
from app.errors import VotesUnavailable
from app.services import services
from app.storage.away import DATABASE_AWAY
from app.voting.rules.queries import select_projects_with_votes
from app.voting.vote_box import REFUSAL_TEXTS
from app.voting.votes import Status, VoteResult
from app.web.formatting import isolated

MOST_NAMED = 3
NONE_POSSIBLE = (
    "You have used all your votes, and none can be taken back: "
    "they are on projects that an admin has locked or hidden."
)


async def budget_context() -> dict[str, int | None]:
    """Return votes_left for every template: of the signed-in account, None without a budget."""
    user_id = signed_in_id()
    is_away = g.get("database_away")  # an error page waits for no server
    if user_id is None or is_away or not services().board.settings.budget:
        return {"votes_left": None}
    return {"votes_left": await votes_left(user_id)}


async def votes_left(user_id: int) -> int | None:
    """Return how many more votes the account may have in force; None while a server is away."""
    try:
        in_force = await services().functions.rules.votes_in_force(user_id)
        if in_force is None:
            await services().hydrator.count_votes(user_id)
            in_force = await services().functions.rules.votes_in_force(user_id)
    except VotesUnavailable:
        return None
    return None if in_force is None else max(services().board.settings.budget - in_force, 0)


async def refusal_text(user_id: int, result: VoteResult) -> str:
    """Return why a vote was refused, "" if it was not; over the budget it names votes to take back."""
    text = REFUSAL_TEXTS.get(result.status, "")
    if result.status is not Status.OVER_BUDGET:
        return text
    try:
        found = await select_projects_with_votes(services().db, user_id, MOST_NAMED + 1)
    except DATABASE_AWAY:
        return text
    possible = [project.title for project in found if project.is_open]
    # Votes of the last seconds may not be stored yet.
    if found and not possible and found[0].votes >= services().board.settings.budget:
        return NONE_POSSIBLE
    titles = [f"“{isolated(title)}”" for title in possible[:MOST_NAMED]]
    more = " …" if len(possible) > MOST_NAMED else ""
    return f"{text} You voted on {', '.join(titles)}{more}" if titles else text
