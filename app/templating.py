"""What the templates can use: globals, filters and tests."""

from pathlib import Path

from quart import Quart

from app.accounts.idempotency.keys import new_form_key
from app.accounts.single_sign_on.state import provider_label
from app.board.addresses import accent_address, logo_address
from app.board.welcome import welcome_html
from app.board.words import frozen_words
from app.projects.orders import SECRET_SORTS, SORTS
from app.projects.row_html import RowHtml
from app.settings import Settings
from app.storage.timeouts import BUTTON_SECONDS
from app.web import formatting
from app.web.assets import asset
from app.web.compiled_templates import CompiledTemplates
from app.web.public_address import public_address, public_host
from app.web.turns_template import TurnsTemplate

TEMPLATES = Path(__file__).parent / "templates"
COMPILED = TEMPLATES / "__pycache__"
FILTERS = ("age", "compact", "isolated", "ordinal", "timespan", "within")


def install_templates(app: Quart, settings: Settings) -> None:
    """Give the templates their globals and filters."""
    environment = app.jinja_env
    environment.template_class = TurnsTemplate
    environment.bytecode_cache = CompiledTemplates(COMPILED)
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.globals.update(asset=asset, settings=settings, new_form_key=new_form_key)
    environment.globals.update(sorts=SORTS, secret_sorts=SECRET_SORTS)
    environment.globals["provider_label"] = provider_label(settings)
    environment.globals["button_seconds"] = int(BUTTON_SECONDS)
    environment.globals["frozen_words"] = frozen_words
    environment.globals.update(logo_address=logo_address, accent_address=accent_address)
    environment.globals["welcome_html"] = welcome_html
    environment.globals.update(public_address=public_address, public_host=public_host)
    environment.filters.update({name: getattr(formatting, name) for name in FILTERS})
    environment.filters["board_time"] = lambda at: formatting.long_time(
        at, app.extensions["upvote"].board.settings.zone
    )
    environment.tests["right_to_left"] = formatting.is_right_to_left
    environment.globals["row_html"] = RowHtml(app)
