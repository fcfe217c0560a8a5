"""A paper with readers of its own, who vote on its articles through an Upvote board.

README.md beside this folder says how to start it. `publish` and `token` are all that the board needs;
the rest is any site: readers who sign in (here by a name alone) and pages.
"""

import json
import os
import secrets
import time
import urllib.request

import jwt
from flask import Flask, redirect, render_template, request, session
from werkzeug.wrappers import Response

BOARD = os.environ.get("BOARD", "http://127.0.0.1:8000")  # its BASE_URL
KEY_ID, _, KEY = os.environ["HANDOVER_KEY"].partition(":")  # as in the board's HANDOVER_KEYS
BOARD_TOKEN = os.environ["BOARD_TOKEN"]  # from: upvote token create NAME --scope projects
ARTICLES = {
    "article-ferry": "A ferry every ten minutes",
    "article-baths": "Baths on the old quay",
}

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY") or secrets.token_hex()


def publish(key: str, title: str) -> None:
    """Make an article known to the board, or change its title there; the same again changes nothing."""
    call = urllib.request.Request(  # noqa: S310 (the address is the operator's)
        f"{BOARD}/api/projects/by-key/{key}",
        json.dumps({"title": title}).encode(),
        {"Authorization": f"Bearer {BOARD_TOKEN}", "Content-Type": "application/json"},
        method="PUT",
    )
    urllib.request.urlopen(call, timeout=10).close()  # noqa: S310


@app.get("/token")
def token() -> tuple[dict[str, str | None], int]:
    """Return a token that tells the board who is reading, for five minutes; null for a visitor."""
    reader = session.get("reader")
    if reader is None:
        return {"token": None}, 200
    now = int(time.time())
    claims = {"sub": reader, "name": reader, "aud": BOARD, "iat": now, "exp": now + 300}
    return {"token": jwt.encode(claims, KEY, "HS256", {"kid": KEY_ID})}, 200


@app.get("/")
def front_page() -> str:
    return render_template("front.html", articles=ARTICLES, board=BOARD, reader=session.get("reader"))


@app.post("/sign-in")
def sign_in() -> Response:
    session["reader"] = request.form["name"].strip()[:60] or None
    return redirect("/")


@app.post("/sign-out")
def sign_out() -> Response:
    session.clear()
    return redirect("/")


if __name__ == "__main__":
    for each in ARTICLES.items():
        publish(*each)
    app.run(port=int(os.environ.get("PORT", "8001")))
