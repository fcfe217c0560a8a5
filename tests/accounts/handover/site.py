"""Another site, which signs tokens for its users, and what the board has of them."""

import base64
import hmac
import itertools
import json
import secrets
import time
from typing import Any

import asyncpg
from joserfc import jws
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from app.accounts.handover.key_ring import KeyRing
from app.accounts.handover.token import Claims, read_token
from tests.asgi_calls import App, Response, ask

BOARD = "http://localhost"
SECRET, NEWER = "0123456789abcdef" * 2, "another secret of this other site".replace(" ", "-")
PAIRS = f"first:{SECRET}, second:{NEWER}"
RSA, ELLIPTIC, EDWARDS = (
    RSAKey.generate_key(2048),
    ECKey.generate_key("P-256"),
    OKPKey.generate_key("Ed25519"),
)
PUBLIC = {"rsa": RSA, "ec": ELLIPTIC, "ed": EDWARDS}
_ALGORITHMS = ["HS256", "HS512", "RS256", "RS512", "PS256", "ES256", "Ed25519", "EdDSA"]
_numbers = itertools.count(1)


def new_subject() -> str:
    return f"person-{next(_numbers)}-{secrets.token_hex(4)}"


def claims(**changes: Any) -> dict[str, Any]:
    """Return what a good token says; a change to None removes a claim."""
    now = int(time.time())
    said = {"sub": "somebody", "name": "Some Body", "aud": BOARD, "exp": now + 300, "iat": now}
    said |= {"jti": secrets.token_hex(16)} | changes
    return {name: value for name, value in said.items() if value is not None}


def signed(
    said: dict[str, Any] | None = None,
    key: Key | None = None,
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """Return a token that says this, signed by the first secret or by another key."""
    head = {"alg": "HS256", "kid": "first", "typ": "JWT"} | (header or {})
    head = {name: value for name, value in head.items() if value is not None}
    return sealed(json.dumps(claims(**changes) if said is None else said), key, head)


def sealed(body: str, key: Key | None = None, header: dict[str, Any] | None = None) -> str:
    """Return a token with this text as its body."""
    head = header or {"alg": "HS256", "kid": "first"}
    key = key or OctKey.import_key(SECRET)
    registry = jws.JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
    return jws.serialize_compact(head, body, key, registry=registry)


def by_hand(header: dict[str, Any] | str, secret: bytes | None = None, **changes: Any) -> str:
    """Return a token of a kind that no library makes: unsigned, or signed with any bytes."""
    head = header if isinstance(header, str) else json.dumps(header)
    start = f"{encode(head.encode())}.{encode(json.dumps(claims(**changes)).encode())}"
    digest = hmac.digest(secret, start.encode(), "sha256") if secret else b""
    return f"{start}.{encode(digest)}"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def key_file(**keys: Key) -> str:
    """Return a JWK set with the public parts of these keys."""
    listed = [{**key.as_dict(private=False), "kid": kid} for kid, key in keys.items()]
    return json.dumps({"keys": listed})


def read(token: str, ring: KeyRing) -> Claims:
    return read_token(token, ring, BOARD, time.time())


async def call(
    app: App, token: str, path: str = "/api/me/votes", body: dict[str, Any] | None = None
) -> Response:
    """Ask the API with a token; with a body by POST."""
    headers = {"authorization": f"Bearer {token}"}
    method, sent = ("GET", b"") if body is None else ("POST", json.dumps(body).encode())
    return await ask(app, method, path, headers, sent)


async def account_of(db: asyncpg.Pool, subject: str) -> asyncpg.Record | None:
    """Return the row of a subject's account."""
    return await db.fetchrow(
        "SELECT users.* FROM users JOIN site_users ON user_id = id WHERE subject = $1", subject
    )


async def everything(db: asyncpg.Pool) -> tuple[int, ...]:
    """Return how many accounts, users of the site and used tokens there are."""
    return tuple(
        await db.fetchrow(
            """
            SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM site_users),
                   (SELECT count(*) FROM used_handovers)
            """
        )
    )
