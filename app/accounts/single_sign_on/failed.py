"""The page that says why the provider signed nobody in."""

import structlog
from quart import render_template
from quart.typing import ResponseReturnValue

from app.accounts.single_sign_on.errors import Barred, ProviderAway, SignInRefused
from app.accounts.single_sign_on.flow import Flow
from app.errors import RETRY_SECONDS

log = structlog.get_logger()


async def expired_page(flow: Flow) -> ResponseReturnValue:
    return await _page(flow, "expired"), 400


async def refused_page(flow: Flow, error: SignInRefused) -> ResponseReturnValue:
    log.warning("sign-in through the provider refused", reason=str(error))
    return await _page(flow, "barred" if isinstance(error, Barred) else "refused"), 403


async def away_page(flow: Flow, error: ProviderAway) -> ResponseReturnValue:
    log.warning("provider away", reason=str(error))
    return await _page(flow, "away"), 503, {"Retry-After": str(RETRY_SECONDS)}


async def _page(flow: Flow, reason: str) -> str:
    return await render_template("sign_in/failed.html", reason=reason, flow=flow)
