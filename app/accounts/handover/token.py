"""Reads a token of the other site: its form, its signature, and what it claims (RFC 7519, RFC 8725)."""

import json
import re
from base64 import b64decode
from typing import Any

from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from app.accounts.handover.claims import Claims
from app.accounts.handover.errors import TokenRefused
from app.accounts.handover.key_ring import KeyRing, SiteKey
from app.accounts.handover.site_names import clean_name
from app.web.request_limits import LONG_TOKEN, MAX_TOKEN_BYTES

LIFETIME = 600  # s
CLOCK_SECONDS = 10  # by how much the other site's clock may differ from ours
LONGEST_SUBJECT = LONGEST_JTI = 128  # characters
_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]{1,64}")  # what may be repeated in a header
_LATEST = 10**11  # s; a later time is no time
# joserfc calls the algorithm by its newer name, and warns about the older one.
_ALGORITHMS = JWSRegistry(algorithms=("HS256", "RS256", "ES256", "Ed25519"))


def check_length(token: str) -> None:
    """Refuse a long token before anything reads it. Raises TokenRefused."""
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenRefused(LONG_TOKEN)


def read_token(token: str, ring: KeyRing, audience: str, now: float) -> Claims:
    """Return what a token says that is valid at `now` (Unix time, s). Raises TokenRefused."""
    check_length(token)
    form = _FORM.fullmatch(token)
    if form is None:
        raise TokenRefused("The token is not a signed JWT: three parts in base64url with dots between.")
    head, body, signature = form.groups()
    header = _parse(head, "header")
    _check_signature(header, _find_key(header, ring), f"{head}.{body}".encode(), signature)
    claims = _parse(body, "body")
    _check_audience(claims.get("aud"), audience)
    issued, until = _check_times(claims, now)
    jti = claims.get("jti")
    if jti is not None:
        _check_text("jti", jti, LONGEST_JTI)
    _check_text("sub", claims.get("sub"), LONGEST_SUBJECT)
    return Claims(claims["sub"], _name(claims.get("name")), jti, issued, until)


def _parse(part: str, what: str) -> dict[str, Any]:
    """Return the JSON object of a part, in which no name occurs twice."""
    try:
        found = json.loads(
            _decode(part).decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise TokenRefused(f"The {what} of the token is not a JSON object with unique names.")
    return found


def _decode(part: str) -> bytes:
    return b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _find_key(header: dict[str, Any], ring: KeyRing) -> SiteKey:
    """Return the key that a token names. Keys and addresses in the token itself are never used."""
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenRefused("The header of the token has no kid, which names the key.")
    found = ring.find(kid)
    if found is None:
        named = f" {kid}" if _PLAIN.fullmatch(kid) else ""
        raise TokenRefused(f"The board does not know the key{named} that the token names by its kid.")
    return found


def _check_signature(header: dict[str, Any], key: SiteKey, signed: bytes, signature: str) -> None:
    """Check with the algorithm of the key's kind, whatever the token would like to be checked with."""
    if "crit" in header:
        raise TokenRefused("The token demands extensions (crit), and this board knows none.")
    typ = header.get("typ", "JWT")
    if not isinstance(typ, str) or typ.lower() not in ("jwt", "application/jwt"):
        raise TokenRefused("The token is of another type (typ): send one of the type JWT.")
    alg = header.get("alg")
    if not isinstance(alg, str) or alg not in key.algorithms:
        fitting = " or ".join(sorted(key.algorithms))
        raise TokenRefused(f"The algorithm (alg) of the token does not fit its key: use {fitting}.")
    algorithm = _ALGORITHMS.get_alg("Ed25519" if alg == "EdDSA" else alg)
    try:
        is_good = algorithm.verify(signed, _decode(signature), key.key)
    except (JoseError, ValueError):
        is_good = False
    if not is_good:
        raise TokenRefused("The signature of the token is wrong.")


def _check_audience(aud: object, audience: str) -> None:
    named = aud if isinstance(aud, list) else [aud]
    if audience not in named or not all(isinstance(each, str) for each in named):
        raise TokenRefused(f"The token is for another audience: set aud to {audience}")


def _check_times(claims: dict[str, Any], now: float) -> tuple[int, float]:
    """Return when the token was made (ms) and when it ends (s)."""
    exp, nbf, iat = (_time(claims, name) for name in ("exp", "nbf", "iat"))
    if exp is None:
        raise TokenRefused("The token never expires: set exp to a time at most 10 minutes ahead.")
    if now >= exp + CLOCK_SECONDS:
        raise TokenRefused("The token has expired (exp).", "late")
    begin = max(each for each in (nbf, iat, 0) if each is not None)
    if begin > now + CLOCK_SECONDS:
        raise TokenRefused("The token is not valid yet (nbf, iat): compare the clocks.", "late")
    earliest = now if iat is None else min(iat, now)
    if exp > earliest + LIFETIME + CLOCK_SECONDS:
        raise TokenRefused("The token lives too long: set exp to a time at most 10 minutes ahead.")
    return int(1000 * (exp - LIFETIME if iat is None else iat)), exp + CLOCK_SECONDS


def _time(claims: dict[str, Any], name: str) -> float | None:
    found = claims.get(name)
    if found is None:
        return None
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if not is_number or not 0 <= found <= _LATEST:
        raise TokenRefused(f"{name} is not a time in seconds since 1970.")
    return float(found)


def _check_text(name: str, found: object, longest: int) -> None:
    is_text = isinstance(found, str) and 1 <= len(found) <= longest
    if not is_text or any(each < " " or "\ud800" <= each <= "\udfff" for each in str(found)):
        raise TokenRefused(f"{name} is not a text of 1 to {longest} characters.")


def _name(found: object) -> str:
    if found is not None and not isinstance(found, str):
        raise TokenRefused("name is not a text.")
    return clean_name(found or "")
