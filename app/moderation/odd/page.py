"""/admin/odd: what looks odd, in words and figures, the oddest first; admins only."""

from quart import Blueprint, render_template

from app.accounts.guard import require_admin
from app.moderation import odd
from app.moderation.odd.queries import select_findings
from app.services import services

blueprint = Blueprint("odd_page", __name__, url_prefix="/admin")


@blueprint.get("/odd")
async def odd_votes() -> str:
    await require_admin()
    return await render_template(
        "moderation/odd.html", findings=await select_findings(services().db), rules=odd
    )
