"""What people are told who cannot make an account, or not in this way."""

from quart import render_template

from app.accounts.names import NameTaken
from app.accounts.registration import Refusal

TAKEN = "That username is taken. Choose another one."
LOOKS_TAKEN = "That username is too like a name that somebody has or had. Choose another one."
DISPLAY_NAME_TAKEN = (
    "Somebody else has or had that name, or one that looks like it. Add something, such as an initial."
)
NO_PASSWORDS = "This board has no passwords. Open the page to sign in again, and use its button."


def taken_message(error: NameTaken) -> str:
    """Return what is said at the field of a name that cannot be had."""
    if error.field == "display_name":
        return DISPLAY_NAME_TAKEN
    return LOOKS_TAKEN if error.alike else TAKEN


async def refusal_page(reason: Refusal, typed: str = "") -> str:
    """Return the page that says why nobody can make an account in this way, and what to do instead."""
    return await render_template("accounts/refusal.html", reason=reason, typed=typed)
