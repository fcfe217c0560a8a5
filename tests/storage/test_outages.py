"""An outage is one line in the log when it begins and one when it is over."""

from structlog.testing import capture_logs

from app.storage import outages as module
from app.storage.outages import Outages


def test_many_failures_are_one_line_and_the_return_is_another(monkeypatch):
    outages = Outages()
    with capture_logs() as lines:
        for _ in range(100):
            outages.fail("Redis", TimeoutError())
            outages.succeed("Redis")  # a demoted server still answers reads
        assert [line["event"] for line in lines] == ["a server is away"]
        monkeypatch.setattr(module, "QUIET_SECONDS", 0)
        outages.succeed("Redis")
        outages.succeed("Redis")
    assert [line["event"] for line in lines] == ["a server is away", "a server is back"]


def test_a_server_that_comes_and_goes_is_a_line_a_minute(monkeypatch):
    monkeypatch.setattr(module, "QUIET_SECONDS", 0)
    outages = Outages()
    with capture_logs() as lines:
        for _ in range(100):
            outages.fail("PostgreSQL", TimeoutError())
            outages.succeed("PostgreSQL")
    assert [line["event"] for line in lines].count("a server is away") == 1


async def test_a_full_or_read_only_database_is_503_and_not_500(free_app, monkeypatch):
    import asyncpg

    for sqlstate in ("53100", "25006", "58030"):
        error = asyncpg.PostgresError.new({"C": sqlstate, "M": "no space left"})

        async def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr("app.projects.queries.select_projects", fail)
        answer = await free_app.test_client().get("/?sort=new")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
