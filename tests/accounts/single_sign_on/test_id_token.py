"""An ID token is believed only if every part of it is as OpenID Connect says."""

import hmac
import json
import time
from base64 import urlsafe_b64encode

import pytest

from app.accounts.single_sign_on import provider as provider_module
from app.accounts.single_sign_on.errors import ProviderAway, SignInRefused
from tests.accounts.single_sign_on.fake_provider import (
    ELLIPTIC,
    NONCE,
    OTHER,
    RSA,
    FakeProvider,
    claims,
    signed,
)

NOW = int(time.time())
BAD_CLAIMS = {
    "another issuer": {"iss": "https://id.test/"},
    "no issuer": {"iss": None},
    "a list of issuers": {"iss": ["https://id.test"]},
    "for another program": {"aud": "another"},
    "for several programs without the party": {"aud": ["upvote", "another"]},
    "made for another party": {"aud": ["upvote", "another"], "azp": "another"},
    "made for another party alone": {"azp": "another"},
    "for nobody": {"aud": None},
    "expired": {"exp": NOW - 3600},
    "without an end": {"exp": None},
    "from the future": {"iat": NOW + 3600},
    "from before the sign-in": {"iat": NOW - 3600},
    "without its time": {"iat": None},
    "not valid yet": {"nbf": NOW + 3600},
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "a list of nonces": {"nonce": [NONCE]},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a number as subject": {"sub": 7},
    "a subject that is too long": {"sub": "x" * 256},
    "a subject with NUL": {"sub": "a\0b"},
}


@pytest.fixture
def fake():
    return FakeProvider()


async def test_a_good_token_names_who_signed_in(fake):
    fake.token = signed(preferred_username="jo", name="Jo Doe", auth_time=NOW)
    identity = await fake.identify()
    assert (identity.subject, identity.names, identity.asked_at) == ("somebody", ("jo", "Jo Doe"), NOW)
    fake.token = signed(aud=["upvote", "another"], azp="upvote")
    assert (await fake.identify()).subject == "somebody"


@pytest.mark.parametrize("changes", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
async def test_wrong_claims_are_refused(fake, changes):
    fake.token = signed(**changes)
    with pytest.raises(SignInRefused):
        await fake.identify()


def by_hand(alg: str, secret: bytes | None = None) -> str:
    """Return a token of a kind that no library makes: unsigned, or signed with a public key."""
    head, body = (
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": alg, "kid": "first"}, claims())
    )
    digest = hmac.digest(secret, head + b"." + body, "sha256") if secret else b""
    return b".".join((head, body, urlsafe_b64encode(digest).rstrip(b"="))).decode()


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "RS256"])
async def test_a_token_without_a_signature_is_refused(fake, alg):
    fake.token = by_hand(alg)
    with pytest.raises(SignInRefused):
        await fake.identify()


@pytest.mark.parametrize("secret", [RSA.as_pem(private=False), b"se:cret"], ids=["key", "secret"])
async def test_a_signature_with_what_others_know_is_refused(fake, secret):
    """With HS256 the public key would be the secret, if a library took it for one."""
    fake.token = by_hand("HS256", secret)
    known = {"kty": "oct", "kid": "first", "k": urlsafe_b64encode(secret).decode().rstrip("=")}
    for listed in ([RSA.as_dict(private=False)], [known, OTHER.as_dict(private=False)]):
        fake.listed = listed
        fake.provider._keys.clear()
        with pytest.raises(SignInRefused, match="not allowed"):
            await fake.identify()


async def test_a_token_of_the_provider_is_forged(fake):
    head, body, signature = signed().split(".")
    other = signed(sub="somebody-else").split(".")[1]
    for token in (f"{head}.{other}.{signature}", f"{head}.{body}.", "", "x", "a.b.c", f"{head}.{body}"):
        fake.token = token
        with pytest.raises(SignInRefused):
            await fake.identify()


async def test_a_key_that_is_new_is_fetched(fake, monkeypatch):
    await fake.identify()
    fake.listed, fake.token = [OTHER.as_dict(private=False)], signed(OTHER)
    with pytest.raises(SignInRefused, match="unknown key"):
        await fake.identify()  # the keys were read a moment ago
    assert fake.asked.count("/keys") == 1
    monkeypatch.setattr(provider_module, "NEW_KEYS_SECONDS", 0)
    assert (await fake.identify()).subject == "somebody"
    assert fake.asked.count("/keys") == 2
    fake.token = signed(RSA)  # the old key is gone
    with pytest.raises(SignInRefused, match="unknown key"):
        await fake.identify()


async def test_keys_of_unknown_kinds_are_passed_over(fake):
    fake.listed = [
        "no key",
        {"kty": "AKP", "kid": "new", "alg": "ML-DSA-44", "pub": "AAAA"},
        {"kty": "EC", "kid": "odd", "crv": "unknown", "x": "AA", "y": "AA"},
        RSA.as_dict(private=False) | {"use": "enc", "kid": "encryption"},
        ELLIPTIC.as_dict(private=False),
    ]
    fake.token = signed(ELLIPTIC, "ES256")
    assert (await fake.identify()).subject == "somebody"
    fake.listed = fake.listed[:4]
    fake.provider._keys.clear()
    with pytest.raises(ProviderAway, match="no keys"):
        await fake.identify()


async def test_a_key_for_encryption_checks_no_signature(fake):
    fake.listed = [RSA.as_dict(private=False) | {"use": "enc"}, OTHER.as_dict(private=False)]
    with pytest.raises(SignInRefused, match="unknown key"):
        await fake.identify()
