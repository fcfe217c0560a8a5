"""What a visitor gets who must sign in first."""

from urllib.parse import urlencode

from quart import Response, redirect, request
from quart.typing import ResponseReturnValue

from app.accounts.sessions import COOKIE


def sign_in_first(back_to: str) -> ResponseReturnValue:
    """Send the visitor to sign in and then back to `back_to`, a path of this site.

    A browser gets 303; HTMX gets 401 with HX-Redirect, since it would swap a redirect's page in.
    """
    query = {"next": back_to}
    if COOKIE in request.cookies:  # there was a session, and it has ended
        query["expired"] = "1"
    login = "/login?" + urlencode(query)
    if request.headers.get("HX-Request") == "true":
        return Response("", 401, {"HX-Redirect": login})
    return redirect(login, 303)
