"""The OpenID provider: its addresses (discovery), its keys, and the exchange of a code for an ID token.

Every call has a time limit and a limit on the answer's size, follows no redirect, and few run at once.
"""

import json
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key

from app.accounts.single_sign_on.errors import ProviderAway, SignInRefused, UnknownKey
from app.accounts.single_sign_on.id_token import Expected, read_id_token
from app.accounts.single_sign_on.identity import Identity
from app.settings import Settings
from app.single_flight import SharedCache
from app.storage.timeouts import PROVIDER_SECONDS, within
from app.web.bounded import Bounded

DISCOVERY = "/.well-known/openid-configuration"
CALLBACK = "/sign-in/callback"
MAX_BYTES = 512 * 1024
AT_ONCE, WAITING = 8, 64
# The addresses are asked for again after a minute, so that a provider that is away is noticed before
# people are sent to it.
ADDRESSES_SECONDS = 60.0
KEYS_SECONDS = 3600.0
# An unknown key is looked for again, but not more often than this (s).
NEW_KEYS_SECONDS = 5.0


@dataclass(frozen=True)
class Addresses:
    """Where the provider is asked, and whether it takes the client secret in the form."""

    sign_in: str
    token: str
    keys: str
    sign_out: str | None
    secret_in_form: bool


class Provider:
    """The provider that the settings name."""

    def __init__(self, settings: Settings, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self.issuer = settings.oidc_issuer or ""
        self._client_id = settings.oidc_client_id or ""
        self._secret = settings.oidc_client_secret or ""
        self._callback = f"{settings.base_url}{CALLBACK}"
        self._http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(PROVIDER_SECONDS),
            limits=httpx2.Limits(max_connections=AT_ONCE),
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            transport=transport,
        )
        self._addresses: SharedCache[Addresses] = SharedCache(ADDRESSES_SECONDS, 1)
        self._keys: SharedCache[KeySet] = SharedCache(KEYS_SECONDS, 1)
        self._keys_read = 0.0
        self._calling = Bounded("Too many people are signing in.", at_once=AT_ONCE, waiting=WAITING)

    async def close(self) -> None:
        await self._http.aclose()

    async def addresses(self) -> Addresses:
        """Return the provider's addresses. Raises ProviderAway."""
        return await self._addresses.get("", self._discover)

    async def sign_in_address(self, state: str, nonce: str, challenge: str, *, anew: bool) -> str:
        """Return where to send somebody to sign in; with `anew` even who is signed in there already."""
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._callback,
            "scope": "openid profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if anew:
            query |= {"prompt": "login", "max_age": "0"}
        return _with_query((await self.addresses()).sign_in, query)

    async def sign_out_address(self) -> str | None:
        """Return where somebody signs out of the provider, or None if it has no such page."""
        address = (await self.addresses()).sign_out
        return address and _with_query(address, {"client_id": self._client_id})

    async def identify(self, code: str, verifier: str, nonce: str, began: float) -> Identity:
        """Return who signed in, for the code that the browser brought back.

        Raises ProviderAway and SignInRefused.
        """
        token = await self._exchange(code, verifier)
        expected = Expected(self.issuer, self._client_id, nonce, began)
        try:
            return read_id_token(token, await self.keys(), expected)
        except UnknownKey:  # the provider may have changed its keys
            if time.monotonic() - self._keys_read < NEW_KEYS_SECONDS:
                raise
            self._keys.clear()
            return read_id_token(token, await self.keys(), expected)

    async def check(self) -> None:
        """Raise ProviderAway if nobody can sign in: no addresses, no keys, or a client that is refused.

        To see the last, it sends a code that does not exist. Providers differ in what they call that.
        """
        await self.keys()
        try:
            await self._exchange("upvote-doctor", "v" * 43)
        except SignInRefused:
            return
        except ProviderAway as error:
            if error.code in ("", "invalid_client", "unauthorized_client"):
                raise

    async def keys(self) -> KeySet:
        """Return the keys that the provider signs with. Raises ProviderAway."""
        return await self._keys.get("", self._read_keys)

    async def _discover(self) -> Addresses:
        found = await self._ask("GET", self.issuer.rstrip("/") + DISCOVERY)
        if found.get("issuer") != self.issuer:
            raise ProviderAway(f"it calls itself {found.get('issuer')!r}, not {self.issuer!r}")
        methods = found.get("token_endpoint_auth_methods_supported")
        return Addresses(
            self._address(found, "authorization_endpoint"),
            self._address(found, "token_endpoint"),
            self._address(found, "jwks_uri"),
            self._address(found, "end_session_endpoint") if "end_session_endpoint" in found else None,
            secret_in_form=isinstance(methods, list) and "client_secret_post" in methods,
        )

    def _address(self, found: dict[str, Any], name: str) -> str:
        """Return an endpoint. It must be as safe as the issuer."""
        address = found.get(name)
        if not isinstance(address, str) or not urlsplit(address).netloc:
            raise ProviderAway(f"it names no {name}")
        if urlsplit(address).scheme not in ("https", urlsplit(self.issuer).scheme):
            raise ProviderAway(f"its {name} is not https")
        return address

    async def _read_keys(self) -> KeySet:
        found = await self._ask("GET", (await self.addresses()).keys)
        listed = found.get("keys")
        keys = [key for each in listed if (key := _import(each))] if isinstance(listed, list) else []
        if not keys:
            raise ProviderAway("it has no keys to sign with")
        self._keys_read = time.monotonic()
        return KeySet(keys)

    async def _exchange(self, code: str, verifier: str) -> str:
        """Return the ID token for a code, which works once."""
        addresses = await self.addresses()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": verifier,
        }
        headers = {}
        if addresses.secret_in_form:
            form |= {"client_id": self._client_id, "client_secret": self._secret}
        else:
            pair = f"{quote_plus(self._client_id)}:{quote_plus(self._secret)}".encode()
            headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        answer = await self._ask("POST", addresses.token, data=form, headers=headers)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderAway("its answer has no ID token")
        return token

    async def _ask(self, method: str, address: str, **options: Any) -> dict[str, Any]:
        """Return the JSON object that an address answers with. Raises ProviderAway, SignInRefused."""
        try:
            async with (
                within(PROVIDER_SECONDS),
                self._calling,
                self._http.stream(method, address, **options) as response,
            ):
                body = await _read(response)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise ProviderAway(f"no answer from {urlsplit(address).netloc} ({reason})") from error
        found = _parse(body)
        if response.status_code == 400 and found and found.get("error") == "invalid_grant":
            raise SignInRefused("the provider does not know the code, or it was used before")
        if response.status_code != 200 or found is None:
            code = str(found.get("error", ""))[:100] if found else ""
            path, status = urlsplit(address).path, response.status_code
            raise ProviderAway(f"{path} answers {status} ({code or 'no JSON object'})", code)
        return found


async def _read(response: httpx2.Response) -> bytes:
    body = b""
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > MAX_BYTES:
            raise ProviderAway(f"its answer has more than {MAX_BYTES} bytes")
    return body


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _import(listed: object) -> Key | None:
    """Return a key that signs; None for another one, since a provider may list any kinds of keys."""
    if not isinstance(listed, dict) or listed.get("use", "sig") != "sig":
        return None
    if listed.get("kty") not in ("RSA", "EC"):  # a symmetric key must never check a signature
        return None
    try:
        return import_key(listed)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _with_query(address: str, query: dict[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"
