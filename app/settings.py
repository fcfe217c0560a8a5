"""The settings, read once from the environment and `.env` into a frozen object."""

import os
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app import data_paths
from app.setting_rules import find_problem
from app.setting_types import (
    Ancestors,
    BaseUrl,
    DatabaseUrl,
    Dsn,
    HandoverKeys,
    Hosts,
    Issuer,
    Limit,
    LogFormat,
    LogLevel,
    MailFrom,
    Networks,
    Origins,
    RedisUrl,
    Seconds,
    SmtpUrl,
)


class Settings(BaseSettings):
    """Every setting of the operator. The name in capitals is its environment variable."""

    model_config = SettingsConfigDict(env_prefix="", extra="ignore", frozen=True, env_ignore_empty=True)

    database_url: DatabaseUrl | None = Field(None, description="PostgreSQL; unset: an embedded server")
    redis_url: RedisUrl | None = Field(None, description="Redis or Valkey; unset: an embedded server")
    redis_queue_url: RedisUrl | None = Field(None, description="arq's Redis; unset: REDIS_URL")
    secret_key: str | None = Field(
        None,
        min_length=16,
        description="signs sessions; embedded: upvote serve creates it once, under DATA_DIR",
    )

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=1, le=65_535, description="port to listen on")
    web_workers: int = Field(1, ge=1, le=64, description="web processes")
    data_dir: Path = Field(Path(".data"), description="where the embedded servers keep their data")

    rate_limit_max: Limit = Field(5, description="votes of one user on one project; 0: no limit")
    rate_limit_window: Seconds = Field(10, description="seconds in which RATE_LIMIT_MAX counts")
    account_limit_max: Limit = Field(
        60, description="votes of one account on all projects; 0: no limit"
    )
    account_limit_window: Seconds = Field(60, description="seconds in which ACCOUNT_LIMIT_MAX counts")

    self_votes: bool = Field(True, description="whether people may vote on their own projects")
    downvotes: bool = Field(True, description="whether people may vote down")
    min_downvote_age: int = Field(
        0, ge=0, le=31_536_000, description="seconds before a new account may vote down; 0: none"
    )

    auth_limit_max: Limit = Field(
        10,
        description="wrong passwords for one account; one address has 30 times as many; 0: no limit",
    )
    auth_limit_window: Seconds = Field(60, description="seconds in which AUTH_LIMIT_MAX counts")
    register_limit_max: Limit = Field(
        300, description="accounts made from one address without an invitation; 0: no limit"
    )
    register_limit_window: Seconds = Field(
        3600, description="seconds in which REGISTER_LIMIT_MAX counts"
    )
    submit_limit_max: Limit = Field(20, description="projects submitted by one account; 0: no limit")
    submit_limit_window: Seconds = Field(3600, description="seconds in which SUBMIT_LIMIT_MAX counts")
    smtp_url: SmtpUrl | None = Field(
        None,
        description="mail server, such as smtp://user:password@mail.example.org:587; unset: no mail",
    )
    mail_from: MailFrom | None = Field(
        None, description="sender of mails, such as board@example.org; required with SMTP_URL"
    )
    mail_limit_max: Limit = Field(
        3,
        description="mails that one account may be sent on request, ten times for one address; 0: any",
    )
    mail_limit_window: Seconds = Field(3600, description="seconds in which MAIL_LIMIT_MAX counts")
    base_url: BaseUrl | None = Field(
        None, description="public address, such as https://board.example.org; unset: that of a request"
    )
    trusted_proxies: Networks | None = Field(
        None, description="addresses or networks of proxies whose X-Forwarded headers are trusted"
    )
    allowed_hosts: Hosts | None = Field(
        None, description="host names this board answers to; unset: any"
    )

    oidc_issuer: Issuer | None = Field(
        None, description="OpenID provider that people sign in with, by its issuer; unset: none"
    )
    oidc_client_id: str | None = Field(None, description="this board's client ID at the provider")
    oidc_client_secret: str | None = Field(None, description="its client secret")
    oidc_label: str | None = Field(
        None, max_length=60, description="what people call the provider; unset: the issuer's host"
    )
    password_sign_in: bool = Field(
        True, description="whether people may sign in by password; no: only with the provider"
    )

    handover_keys: HandoverKeys | None = Field(
        None,
        description="keys of another site whose users may vote: kid:secret, or a file; unset: none",
    )

    live_streams_max: Limit = Field(
        1000, description="open live streams of one account or address per process; 0: no limit"
    )

    embed_ancestors: Ancestors | None = Field(
        None, description="sites that may show a project in an iframe; unset: none"
    )

    cors_origins: Origins | None = Field(
        None,
        description="origins whose pages may use the API, such as https://example.org; unset: none",
    )

    webhooks_private: bool = Field(
        False, description="whether webhooks may have http and private addresses"
    )

    persist_interval: int = Field(1, ge=1, le=3600, description="seconds between persist runs")
    sync_interval: int = Field(30, ge=1, le=3600, description="seconds between sync runs")
    cool_after: Seconds = Field(
        86_400, description="seconds without a vote until a project leaves Redis"
    )
    events_retention: int = Field(
        0, ge=0, le=36_500, description="days that the event log is kept; 0: forever"
    )
    vote_shards: int = Field(1, ge=1, le=1024, description="number of shards of the projects in Redis")

    fast_paths: bool = Field(True, description="answer votes and lists without Quart where possible")

    debounce_delay: int = Field(
        200, ge=0, le=10_000, description="milliseconds that a button waits for another click"
    )
    min_vote_interval: int = Field(
        500, ge=0, le=60_000, description="milliseconds between two requests of one button"
    )

    sentry_dsn: Dsn | None = Field(None, description="where errors are reported; unset: nowhere")
    log_level: LogLevel = Field("INFO", description="the least important level that is logged")
    embedded_database: bool = Field(False, exclude=True)
    embedded_redis: bool = Field(False, exclude=True)
    log_format: LogFormat = Field("text", description="format of log lines")

    @property
    def address(self) -> str:
        """BASE_URL; unset: the address that the board listens on, which may not be its public one."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return self.base_url or f"http://{host}:{self.port}"

    def require_secret_key(self) -> str:
        """Return the key that signs sessions. Raises SettingsError if there is none yet."""
        if self.secret_key is None:
            raise SettingsError("there is no SECRET_KEY yet: run upvote serve once, or set SECRET_KEY")
        return self.secret_key


class SettingsError(Exception):
    """A bad setting. The message is one line that names it."""


def load_settings(**overrides: object) -> Settings:
    """Read the settings; unset addresses become those of the embedded servers. Writes no file.

    Raises SettingsError with one line that names the first bad variable.
    """
    try:
        settings = Settings(_env_file=_env_file(), **overrides)  # type: ignore[arg-type, call-arg]
    except ValidationError as error:
        raise SettingsError(_one_line(error)) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{os.path.abspath(_env_file())} is not UTF-8: save it as UTF-8") from None
    if problem := find_problem(settings):
        raise SettingsError(problem)
    return settings.model_copy(update=_embedded_values(settings))


def _env_file() -> str:
    """Return the file with settings: `.env` here, or the one that ENV_FILE names, which must exist."""
    path = os.environ.get("ENV_FILE")
    if path and not os.access(path, os.R_OK):
        reason = "may not be read by this user" if os.path.exists(path) else "does not exist"
        raise SettingsError(f"ENV_FILE: {path} {reason}")
    return path or ".env"


# The values of these settings must not be logged: a URL may contain a password.
SECRETS = (
    "SECRET_KEY",
    "SENTRY_DSN",
    "DATABASE_URL",
    "REDIS_URL",
    "REDIS_QUEUE_URL",
    "SMTP_URL",
    "OIDC_CLIENT_SECRET",
    "HANDOVER_KEYS",
)


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]).upper()
    got = "" if name in SECRETS else f" (got {first['input']!r})"
    return f"{name}: {first['msg'].removeprefix('Value error, ')}{got}"


def _embedded_values(settings: Settings) -> dict[str, object]:
    data_dir = settings.data_dir.expanduser().resolve()
    embedded = data_paths.database_url(data_dir), data_paths.redis_url(data_dir)
    database_url, redis_url = settings.database_url or embedded[0], settings.redis_url or embedded[1]
    return {
        "data_dir": data_dir,
        "database_url": database_url,
        "redis_url": redis_url,
        "redis_queue_url": settings.redis_queue_url or redis_url,
        "secret_key": settings.secret_key or data_paths.read_secret_key(data_dir),
        # The processes that `upvote serve` starts are given the addresses of its servers.
        "embedded_database": database_url == embedded[0],
        "embedded_redis": redis_url == embedded[1],
    }
