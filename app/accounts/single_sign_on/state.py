"""The provider of a web process, and what people call it."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.settings import Settings

if TYPE_CHECKING:
    from app.accounts.single_sign_on.provider import Provider

EXTENSION = "upvote_provider"


def open_provider(settings: Settings) -> "Provider | None":
    """Return the provider that the settings name, or None. It connects when somebody signs in.

    With it come an HTTP client and cryptography, which a board without one need not load.
    """
    if settings.oidc_issuer is None:
        return None
    from app.accounts.single_sign_on.provider import Provider

    return Provider(settings)


def provider() -> "Provider":
    """Return the provider of the app that handles this request; answer 404 if there is none."""
    from quart import abort, current_app  # here, since `upvote doctor` needs nothing else of Quart

    found: Provider | None = current_app.extensions.get(EXTENSION)
    if found is None:
        abort(404)
    return found


def provider_label(settings: Settings) -> str:
    """Return what people call the provider; "" if there is none."""
    return settings.oidc_label or urlsplit(settings.oidc_issuer or "").hostname or ""
