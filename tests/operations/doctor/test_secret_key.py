"""The check of SECRET_KEY: one that can be guessed is a problem, and any random one is well."""

import pytest

from app.operations.doctor.settings import check_settings


@pytest.mark.parametrize(
    "secret",
    [
        "changeme-changeme",
        "aaaaaaaaaaaaaaaaaaaaaaa",
        "my secret key of 16",
        "your-secret-key-here",
        "CHANGE_ME_PLEASE_2026",
        "example-key-1234567890",
        "0123456789abcdef",
        "secret-a8Fk3xQ9",
    ],
)
async def test_a_secret_key_that_is_easy_to_guess_is_reported(checked_board, secret):
    checks = await checked_board.run_checks(secret_key=secret)
    assert {check.name for check in checks.values() if not check.passed} == {"secret key"}
    assert secret not in checks["secret key"].text


@pytest.mark.parametrize(
    "secret",
    [
        "secret-9f2c4e71b05d83a6",
        "board.example.org:q7Rm2ZxV9tLw4KsB",
        "Your_Example_c29tZSByYW5kb20gYnl0ZXM=",
        "4f1d0c9be27a8635",
    ],
)
async def test_a_random_secret_key_may_have_any_word_in_it(settings, secret):
    [check, *_] = check_settings(settings.model_copy(update={"secret_key": secret}))
    assert check.passed, check.text
