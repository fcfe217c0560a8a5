"""How the provider is asked, and what is not accepted from it."""

import json

import pytest

from app.accounts.single_sign_on import provider as provider_module
from app.accounts.single_sign_on.errors import ProviderAway, SignInRefused
from app.web.bounded import Busy
from tests.accounts.single_sign_on.fake_provider import VERIFIER, FakeProvider, challenge_of

BAD_DISCOVERY = {
    "another issuer": {"issuer": "https://id.test/"},
    "no issuer": {"issuer": None},
    "no token endpoint": {"token_endpoint": None},
    "an endpoint without TLS": {"token_endpoint": "http://id.test/token"},
    "a script": {"authorization_endpoint": "javascript:alert(1)"},
    "a path": {"jwks_uri": "/keys"},
}


@pytest.fixture
def fake():
    return FakeProvider()


async def test_the_code_is_exchanged_with_verifier_and_secret(fake):
    await fake.identify()
    [form] = fake.forms
    assert form["code_verifier"] == [VERIFIER]
    assert form["redirect_uri"] == ["https://board.test/sign-in/callback"]
    assert "client_secret" not in form
    assert fake.headers[0]["Authorization"] == "Basic dXB2b3RlOnNlJTNBY3JldA=="  # upvote:se%3Acret


async def test_a_provider_that_takes_the_secret_in_the_form_gets_it_there():
    fake = FakeProvider(token_endpoint_auth_methods_supported=["client_secret_post"])
    await fake.identify()
    assert fake.forms[0]["client_secret"] == ["se:cret"]
    assert "Authorization" not in fake.headers[0]


async def test_the_way_to_the_provider_names_all_that_it_needs(fake):
    address = await fake.provider.sign_in_address("s", "n", challenge_of(VERIFIER), anew=False)
    assert address.startswith("https://id.test/authorize?tenant=1&response_type=code&client_id=upvote&")
    assert (
        f"&state=s&nonce=n&code_challenge={challenge_of(VERIFIER)}&code_challenge_method=S256"
        in address
    )
    assert "prompt" not in address
    anew = await fake.provider.sign_in_address("s", "n", "c", anew=True)
    assert anew.endswith("&prompt=login&max_age=0")
    assert fake.asked == ["/.well-known/openid-configuration"]  # once for both


@pytest.mark.parametrize("changes", BAD_DISCOVERY.values(), ids=BAD_DISCOVERY)
async def test_a_wrong_discovery_document_is_refused(changes):
    with pytest.raises(ProviderAway):
        await FakeProvider(**changes).identify()


@pytest.mark.parametrize(
    "answer",
    [
        (302, {}),
        (500, {}),
        (200, b"<html>"),
        (200, ["a list"]),
        (200, b"[" * 100_000),
    ],
    ids=["a redirect", "an error", "a page", "a list", "a deep list"],
)
async def test_a_wrong_answer_is_no_answer(fake, answer):
    fake.answers["/.well-known/openid-configuration"] = answer
    with pytest.raises(ProviderAway):
        await fake.identify()
    assert len(fake.asked) == 1


async def test_an_answer_that_is_too_large_is_not_read(fake):
    good = json.dumps(fake.discovery).encode()
    fake.answers["/.well-known/openid-configuration"] = 200, good + b" " * provider_module.MAX_BYTES
    with pytest.raises(ProviderAway, match="more than"):
        await fake.identify()


async def test_a_code_that_was_used_is_refused(fake):
    fake.answers["/token"] = (400, {"error": "invalid_grant"})
    with pytest.raises(SignInRefused, match="used before"):
        await fake.identify()


async def test_a_wrong_client_secret_is_a_problem_of_the_board(fake):
    fake.answers["/token"] = (401, {"error": "invalid_client"})
    with pytest.raises(ProviderAway, match="invalid_client"):
        await fake.identify()


async def test_an_answer_without_an_id_token_is_refused(fake):
    fake.answers["/token"] = (200, {"access_token": "x"})
    with pytest.raises(ProviderAway, match="no ID token"):
        await fake.identify()


async def test_only_so_many_ask_the_provider_at_once(fake):
    fake.provider._calling.at_once, fake.provider._calling.waiting = 0, 0
    with pytest.raises(Busy):
        await fake.identify()


@pytest.mark.parametrize("code", ["invalid_grant", "invalid_request"])
async def test_doctor_is_content_with_a_provider_that_only_refuses_the_code(fake, code):
    fake.answers["/token"] = (400, {"error": code})
    await fake.provider.check()


@pytest.mark.parametrize(
    "answer", [(401, {"error": "invalid_client"}), (400, {"error": "unauthorized_client"}), (502, b"")]
)
async def test_doctor_notices_a_client_that_the_provider_refuses(fake, answer):
    fake.answers["/token"] = answer
    with pytest.raises(ProviderAway):
        await fake.provider.check()
