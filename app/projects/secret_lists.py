"""What lists show while tallies are secret: an order that votes change would tell how people vote."""

from werkzeug.exceptions import Forbidden

from app.accounts.state import accounts
from app.projects.orders import ORDERS, SECRET_SORTS
from app.services import board


class ListRests(Forbidden):
    """A list was asked for whose order the reader may not know now."""

    name = "secret"  # type: ignore[assignment]  # the code of the API's error

    def __init__(self) -> None:
        lists = " and ".join(name for name, _ in SECRET_SORTS)
        super().__init__(
            f"Votes are hidden {board().hidden_until()}, and the order of this list would tell them. "
            f"These lists are open: {lists}."
        )


def default_sort() -> str:
    """Return the list that is shown to those who choose none."""
    return SECRET_SORTS[0][0] if board().is_secret() else "hot"


def rests(sort: str, user_id: int | None) -> bool:
    """Return whether this reader may not know the order of a list now."""
    return ORDERS[sort].rank_moves and not accounts().sees_tallies(user_id)
