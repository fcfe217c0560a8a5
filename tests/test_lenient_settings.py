"""Settings are accepted as operators write them: limits that nobody reaches, levels in any case."""

import pytest

from app.settings import Settings, SettingsError, load_settings

LIMITS = [name for name in Settings.model_fields if name.endswith(("_limit_max", "_streams_max"))]


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_that_nobody_reaches_is_no_limit(monkeypatch: pytest.MonkeyPatch, name: str):
    for value, limit in (("100000", 100_000), ("100001", 0), ("1000000000", 0)):
        monkeypatch.setenv(name.upper(), value)
        assert getattr(load_settings(), name) == limit
    monkeypatch.setenv(name.upper(), "1000000001")
    with pytest.raises(SettingsError):
        load_settings()


def test_the_level_of_the_log_may_be_in_small_letters(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOG_LEVEL", "debug")
    monkeypatch.setenv("LOG_FORMAT", "JSON")
    settings = load_settings()
    assert (settings.log_level, settings.log_format) == ("DEBUG", "json")
