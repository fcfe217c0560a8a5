"""Error reports say where the code failed, and nothing about the user it failed for."""

import sentry_sdk

from app.sentry import start_sentry

# An event as sentry-sdk creates it for a request to /users/ada?q=typed.
EVENT = {
    "transaction": "profile",
    "exception": {"values": [{"type": "RuntimeError", "value": "broken"}]},
    "user": {"id": 7},
    "request": {
        "method": "GET",
        "url": "http://localhost/users/ada?q=typed",
        "query_string": "q=typed",
        "headers": {"Remote-Addr": "203.0.113.9", "Cookie": "[Filtered]", "User-Agent": "x"},
    },
}


def test_a_report_contains_no_user_and_no_address(settings, monkeypatch):
    options = {}
    monkeypatch.setattr(sentry_sdk, "init", lambda **given: options.update(given))
    start_sentry(settings.model_copy(update={"sentry_dsn": "https://key@sentry.example/1"}))
    sent = options["before_send"](dict(EVENT), {})
    assert sent["request"] == {"method": "GET"}
    assert sent["exception"] == EVENT["exception"]
    assert not [word for word in ("ada", "typed", "203.0.113.9", "'id'") if word in str(sent)]
    assert options["send_default_pii"] is False
    assert options["max_breadcrumbs"] == 0
    assert options["include_local_variables"] is False


def test_without_a_dsn_nothing_is_reported(settings, monkeypatch):
    started = []
    monkeypatch.setattr(sentry_sdk, "init", lambda **options: started.append(options))
    start_sentry(settings)
    assert started == []
