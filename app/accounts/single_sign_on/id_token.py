"""ID tokens: by them the provider says who signed in (OpenID Connect Core 1.0, section 3.1.3.7)."""

import time
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from app.accounts.single_sign_on.errors import SignInRefused, UnknownKey
from app.accounts.single_sign_on.identity import CLOCK_SECONDS, Identity

# Signatures with the provider's private key only. With HS256 anybody who knows the client secret could
# sign, and a library that is not told better takes the public key for it.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LONGEST_SUBJECT = 255  # characters, as the standard says


class _Signatures(JWSRegistry):
    max_header_length = 8192  # some providers put certificates into the header


_signatures = _Signatures(algorithms=ALGORITHMS, strict_check_header=False)


@dataclass(frozen=True)
class Expected:
    """What an ID token has to say. `began` is when this sign-in began (Unix time, s)."""

    issuer: str
    client_id: str
    nonce: str
    began: float


def read_id_token(token: str, keys: KeySet, expected: Expected) -> Identity:
    """Return who signed in. Raises UnknownKey, or SignInRefused with what is wrong with the token."""
    try:
        claims = jwt.decode(token, keys, registry=_signatures).claims
        _claims_registry(expected).validate(claims)
    except InvalidKeyIdError as error:
        raise UnknownKey(f"the ID token is signed with an unknown key ({error})") from error
    except (JoseError, ValueError, TypeError) as error:
        raise SignInRefused(f"the ID token is refused ({error or type(error).__name__})") from error
    _check_party(claims, expected.client_id)
    if claims["iat"] < expected.began - CLOCK_SECONDS:
        raise SignInRefused("the ID token is older than this sign-in")
    return Identity(
        _subject(claims),
        _names(claims, "preferred_username", "nickname", "name"),
        next(iter(_names(claims, "name")), ""),
        _number(claims.get("auth_time")),
    )


def _claims_registry(expected: Expected) -> JWTClaimsRegistry:
    return JWTClaimsRegistry(
        now=int(time.time()),
        leeway=CLOCK_SECONDS,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        nonce={"essential": True, "value": expected.nonce},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
    )


def _check_party(claims: dict[str, Any], client_id: str) -> None:
    """Refuse a token that was made for another program, and only names this one as well."""
    is_shared = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if is_shared else client_id) != client_id:
        raise SignInRefused("the ID token is for another program (azp)")
    if not isinstance(claims["nonce"], str) or not isinstance(claims["iss"], str):
        raise SignInRefused("the ID token has lists where texts belong")


def _subject(claims: dict[str, Any]) -> str:
    subject: str = claims["sub"]
    if not 1 <= len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise SignInRefused("the ID token has no usable subject")
    return subject


def _names(claims: dict[str, Any], *wanted: str) -> tuple[str, ...]:
    found = (claims.get(name) for name in wanted)
    return tuple(name[:100] for name in found if isinstance(name, str) and name)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
