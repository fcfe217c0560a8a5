"""A token of the other site is believed only if every part of it is as the standards say."""

import json
import time

import jwt
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from app.accounts.handover.errors import TokenRefused
from app.accounts.handover.token import CLOCK_SECONDS, read_token
from app.web.request_limits import MAX_TOKEN_BYTES
from tests.accounts.handover.site import (
    BOARD,
    EDWARDS,
    ELLIPTIC,
    NEWER,
    RSA,
    SECRET,
    by_hand,
    claims,
    encode,
    read,
    sealed,
    signed,
)

# Of the time (s) of the test.
BAD_CLAIMS = {
    "expired": lambda now: {"exp": now - 60},
    "without an end": lambda now: {"exp": None},
    "an end that is a text": lambda now: {"exp": str(now + 60)},
    "an end that is true": lambda now: {"exp": True},
    "a far end": lambda now: {"exp": now + 3600},
    "an end after the times": lambda now: {"exp": 10**15},
    "made long ago": lambda now: {"iat": now - 3600},
    "made later": lambda now: {"iat": now + 7200, "exp": now + 7300},
    "made at no time": lambda now: {"iat": "now"},
    "not valid yet": lambda now: {"nbf": now + 7200},
    "for another audience": lambda now: {"aud": "https://board.example"},
    "for nobody": lambda now: {"aud": None},
    "for an address below": lambda now: {"aud": f"{BOARD}/api"},
    "for others": lambda now: {"aud": ["https://a.example", "https://b.example"]},
    "for things": lambda now: {"aud": [BOARD, 7]},
    "for an object": lambda now: {"aud": {BOARD: 1}},
    "nobody": lambda now: {"sub": None},
    "an empty subject": lambda now: {"sub": ""},
    "a number as subject": lambda now: {"sub": 7},
    "a long subject": lambda now: {"sub": "x" * 129},
    "a subject with NUL": lambda now: {"sub": "a\0b"},
    "half a character as subject": lambda now: {"sub": "\ud800"},
    "a name that is a number": lambda now: {"name": 7},
    "a jti that is a number": lambda now: {"jti": 7},
    "an empty jti": lambda now: {"jti": ""},
    "a long jti": lambda now: {"jti": "x" * 129},
}


def test_a_good_token_says_who_comes(ring):
    now = int(time.time())
    found = read(signed(sub="ä" * 128, name="  Jo \u202e Doe ", iat=now), ring)
    assert (found.subject, found.name, found.issued) == ("ä" * 128, "Jo Doe", 1000 * now)
    assert read(signed(aud=["https://a.example", BOARD], name=None), ring).name == ""
    assert read(signed(jti=None, nbf=now - 5), ring).jti is None


def test_without_iat_it_was_made_at_the_earliest_time(ring):
    now = int(time.time())
    assert read(signed(iat=None, exp=now + 300), ring).issued == 1000 * (now - 300)


def test_clocks_may_differ_a_little(ring):
    now, ahead = time.time(), CLOCK_SECONDS
    near = {"exp": now - ahead + 1}, {"iat": now + ahead}, {"nbf": now + ahead}, {"exp": now + 600}
    far = (
        {"exp": now - ahead - 1},
        {"iat": now + 2 * ahead},
        {"nbf": now + 2 * ahead},
        {"exp": now + 650},
    )
    for changes in near:
        read_token(signed(**changes), ring, BOARD, now)
    for changes in far:
        with pytest.raises(TokenRefused):
            read_token(signed(**changes), ring, BOARD, now)
    assert ahead <= 30


@pytest.mark.parametrize("changes", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
def test_wrong_claims_are_refused_with_a_reason(ring, changes):
    with pytest.raises(TokenRefused) as refused:
        read(signed(**changes(int(time.time()))), ring)
    reason = refused.value.reason
    assert reason.isascii()
    assert '"' not in reason
    assert "\\" not in reason


@pytest.mark.parametrize(("kid", "key", "alg"), [
    ("ed", EDWARDS, "EdDSA"), ("ed", EDWARDS, "Ed25519"),
    ("ec", ELLIPTIC, "ES256"), ("rsa", RSA, "RS256"),
])  # fmt: skip
def test_each_kind_of_public_key_checks_its_algorithm(file_ring, kid, key, alg, recwarn):
    token = signed(key=key, header={"alg": alg, "kid": kid})
    recwarn.clear()
    assert read(token, file_ring).subject == "somebody"
    assert not recwarn
    with pytest.raises(TokenRefused, match="signature"):
        read(token[:-8] + encode(b"123456"), file_ring)


def test_tokens_of_another_library_are_read(ring, file_ring):
    """PyJWT is another implementation of the standards."""
    token = jwt.encode(claims(), NEWER, "HS256", {"kid": "second"})
    assert read(token, ring).subject == "somebody"
    for kid, key, alg in (("rsa", RSA, "RS256"), ("ec", ELLIPTIC, "ES256"), ("ed", EDWARDS, "EdDSA")):
        token = jwt.encode(claims(), key.as_pem(private=True), alg, {"kid": kid})
        assert read(token, file_ring).subject == "somebody"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "HS384", None, 7, ["HS256"]])
def test_an_unsigned_token_is_refused(ring, alg):
    for token in (by_hand({"alg": alg, "kid": "first"}), by_hand({"kid": "first"}, SECRET.encode())):
        with pytest.raises(TokenRefused, match="alg"):
            read(token, ring)


def test_a_public_key_is_no_secret(file_ring):
    """The confusion of RFC 8725, section 2.1."""
    for kid, key in (("rsa", RSA), ("ec", ELLIPTIC)):
        for secret in (key.as_pem(private=False), json.dumps(key.as_dict(private=False)).encode()):
            with pytest.raises(TokenRefused, match="does not fit its key"):
                read(by_hand({"alg": "HS256", "kid": kid}, secret), file_ring)


@pytest.mark.parametrize(("kid", "key", "alg"), [
    ("rsa", RSA, "PS256"), ("rsa", RSA, "RS512"), ("ec", RSA, "RS256"), ("rsa", ELLIPTIC, "ES256"),
])  # fmt: skip
def test_an_algorithm_belongs_to_one_kind_of_key(file_ring, kid, key, alg):
    with pytest.raises(TokenRefused, match="does not fit its key"):
        read(signed(key=key, header={"alg": alg, "kid": kid}), file_ring)


def test_another_key_of_the_right_kind_is_refused(file_ring, ring):
    for kid, key, alg, keys in (
        ("rsa", RSAKey.generate_key(2048), "RS256", file_ring),
        ("ec", ECKey.generate_key("P-256"), "ES256", file_ring),
        ("first", OctKey.import_key(NEWER), "HS256", ring),
    ):
        with pytest.raises(TokenRefused, match="signature"):
            read(signed(key=key, header={"alg": alg, "kid": kid}), keys)


@pytest.mark.parametrize("header", [
    {"kid": None}, {"kid": ""}, {"kid": 7}, {"kid": "unknown"}, {"kid": 'a"\r\nb'}, {"kid": "../first"},
    {"crit": ["exp"]}, {"crit": []}, {"typ": "at+jwt"}, {"typ": 7},
])  # fmt: skip
def test_a_header_that_asks_for_something_else_is_refused(ring, header):
    token = by_hand({"alg": "HS256", "kid": "first"} | header, SECRET.encode())
    with pytest.raises(TokenRefused) as refused:
        read(token, ring)
    assert '"' not in refused.value.reason
    assert refused.value.reason.isprintable()


def test_a_key_in_the_token_is_not_used(ring):
    own = RSAKey.generate_key(2048)
    header = {"alg": "RS256", "jwk": own.as_dict(private=False), "jku": "https://evil.example/keys"}
    with pytest.raises(TokenRefused):
        read(signed(key=own, header=header), ring)


@pytest.mark.parametrize("body", [
    "[]", "7", "null", " ", "{", '{"sub": "a", "sub": "b"}', '{"exp": NaN}', '{"a": ' + "[" * 1500,
    '"' + "x" * 20 + '"', "\ufeff{}",
])  # fmt: skip
def test_a_body_that_is_no_object_with_unique_names_is_refused(ring, body):
    with pytest.raises(TokenRefused, match="body of the token"):
        read(sealed(body), ring)


def test_a_name_that_occurs_twice_is_refused_in_the_header_too(ring):
    head = '{"alg": "HS256", "kid": "first", "alg": "HS256"}'
    with pytest.raises(TokenRefused, match="header of the token"):
        read(by_hand(head, SECRET.encode()), ring)


@pytest.mark.parametrize("change", [
    lambda t: t + ".", lambda t: t + "=", lambda t: f"{t}.{t}", lambda t: t.replace(".", ".."),
    lambda t: t[: t.rindex(".")], lambda t: t + "\n", lambda t: " " + t,
    lambda t: t.replace(".", "·", 1),
    lambda t: "..", lambda t: t.split(".")[1],
])  # fmt: skip
def test_a_token_has_one_form(ring, change):
    with pytest.raises(TokenRefused, match="not a signed JWT"):
        read(change(signed()), ring)


def test_a_long_token_is_refused_before_anything_reads_it(ring):
    ring.find = None
    with pytest.raises(TokenRefused, match=f"at most {MAX_TOKEN_BYTES} bytes"):
        read("x" * 100_000, ring)
    with pytest.raises(TokenRefused, match="too long"):
        read(signed(name="x" * MAX_TOKEN_BYTES), ring)
