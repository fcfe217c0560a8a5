"""The check of the OpenID provider: what a sign-in needs from it, without a sign-in."""

from app.accounts.single_sign_on.errors import ProviderAway
from app.accounts.single_sign_on.state import open_provider
from app.operations.doctor.check import Check, fail, ok
from app.settings import Settings

NAME = "sign-in provider"
ADVICE = (
    "Compare OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET with the client at the provider, and "
    "look at the network; docs/runbooks.md, section sign-in provider"
)


async def check_provider(settings: Settings, *, asks: bool) -> list[Check]:
    """Return the check of the provider: its addresses and keys, and whether it knows this client.

    `asks`: a page that updates by itself must not ask the provider all the time.
    """
    found = open_provider(settings)
    if found is None:
        return [ok(NAME, "none (OIDC_ISSUER is unset)")]
    try:
        if not asks:
            return [ok(NAME, f"{found.issuer} (upvote doctor asks it)")]
        await found.check()
    except ProviderAway as error:
        return [fail(NAME, f"{found.issuer} cannot be used: {error}", ADVICE)]
    finally:
        await found.close()
    how = "" if settings.password_sign_in else ", and the only way in (PASSWORD_SIGN_IN=no)"
    return [ok(NAME, f"{found.issuer} answers{how}")]
