"""A provider within the test, for what a correct one never does: it sends whatever a test wants."""

import base64
import hashlib
import json
import time
from urllib.parse import parse_qs

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from app.accounts.single_sign_on.provider import Provider
from app.settings import Settings

ISSUER = "https://id.test"
NONCE = "the nonce"
VERIFIER = "v" * 43
RSA, OTHER = (RSAKey.generate_key(2048, parameters={"kid": kid}) for kid in ("first", "second"))
ELLIPTIC = ECKey.generate_key("P-256", parameters={"kid": "elliptic"})


class FakeProvider:
    """Answers the provider's addresses. `asked` are the paths that were asked for."""

    def __init__(self, **changes: object) -> None:
        wanted = {
            "oidc_issuer": ISSUER,
            "oidc_client_id": "upvote",
            "oidc_client_secret": "se:cret",
            "base_url": "https://board.test",
        }
        self.discovery = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize?tenant=1",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
        } | changes
        self.listed: list[object] = [RSA.as_dict(private=False) | {"use": "sig"}]
        self.token = signed()
        self.asked: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self.headers: list[httpx2.Headers] = []
        self.answers: dict[str, tuple[int, object]] = {}  # path -> status, and JSON or bytes
        transport = httpx2.MockTransport(self._answer)
        self.provider = Provider(Settings(_env_file=None, **wanted), transport)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.asked.append(path)
        if path == "/token":
            self.forms.append(parse_qs(request.content.decode()))
            self.headers.append(request.headers)
        usual = {
            "/token": {"id_token": self.token, "access_token": "unused"},
            "/keys": {"keys": self.listed},
        }
        status, body = self.answers.get(path, (200, usual.get(path, self.discovery)))
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Location": f"{ISSUER}/elsewhere"} if status == 302 else {}
        return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(content))

    async def identify(self):
        return await self.provider.identify("the code", VERIFIER, NONCE, time.time())


def claims(**changes: object) -> dict[str, object]:
    """Return the claims of a good token, with changes; None leaves a claim out."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": "upvote", "sub": "somebody", "nonce": NONCE}
    found = good | {"iat": now, "exp": now + 300} | changes
    return {name: value for name, value in found.items() if value is not None}


def signed(key=RSA, alg: str = "RS256", **changes: object) -> str:
    return jwt.encode({"alg": alg, "kid": key.kid}, claims(**changes), key, algorithms=[alg])


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
