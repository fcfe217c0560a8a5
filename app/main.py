"""The Quart app, assembled from its parts."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial

from quart import Quart

from app.accounts import register_routes
from app.accounts import routes as account_routes
from app.accounts.admins import ADMIN_TURNS, admin_context, read_admin_ids, secrecy_context
from app.accounts.guard import SignInFirst, send_to_sign_in
from app.accounts.handover import routes as handover
from app.accounts.handover.state import EXTENSION as HANDOVER
from app.accounts.handover.state import open_handover
from app.accounts.hash_line import StillInLine
from app.accounts.in_line import come_again
from app.accounts.links import routes as password_links
from app.accounts.mail import forgot
from app.accounts.mail import routes as mail
from app.accounts.page_owner import refuse_other_account
from app.accounts.private import keep_answers_private, refuse_strangers, stranger_context
from app.accounts.sessions import install_sessions
from app.accounts.settings import change_password, delete_account, display_name, export, mail_address
from app.accounts.settings import routes as settings_page
from app.accounts.single_sign_on import connecting, entering
from app.accounts.single_sign_on import routes as single_sign_on
from app.accounts.single_sign_on.state import EXTENSION as PROVIDER
from app.accounts.single_sign_on.state import open_provider
from app.accounts.state import AccountsState
from app.api import description as api_description
from app.api import keyed_projects as api_keyed_projects
from app.api import metrics as api_metrics
from app.api import projects as api_projects
from app.api import results as api_results
from app.api import tallies as api_tallies
from app.api import votes as api_votes
from app.api.description import install_description
from app.event import board_page, invitations_page, logo_page, results_page, screen, tracks_page
from app.event.shared_results import StillCounting, ask_for_results_again
from app.event.state import EventState
from app.live import routes as live
from app.live.hub import Hub
from app.live.queries import select_states
from app.live.visible import VisibleProjects
from app.logs import configure_logs, log_loop_errors
from app.moderation import account_page
from app.moderation import password_links as admin_links
from app.moderation import routes as moderation
from app.moderation.many import page as suspensions_page
from app.moderation.odd import page as odd_page
from app.moderation.people import page as people_page
from app.moderation.voters import page as voters_page
from app.operations.ops import routes as ops
from app.operations.ops.heartbeat import send_heartbeats
from app.projects import embed_card, feed, people, vote
from app.projects import routes as projects
from app.projects.budget import budget_context
from app.projects.by_key import ProjectKeys
from app.projects.edit import routes as edit
from app.projects.search import routes as search
from app.projects.team import routes as team
from app.repeat import repeat, seldom
from app.sentry import start_sentry
from app.services import Services, open_services
from app.settings import Settings
from app.templating import install_templates
from app.web import assets, button_module, health, robots
from app.web.body_limits import install_body_limits
from app.web.compression import compress
from app.web.cross_site import refuse_cross_site
from app.web.deadline import install_deadline
from app.web.errors import install_error_handlers
from app.web.headers import add_security_headers
from app.web.ids import install_converters
from app.web.request_log import install_request_log

API = (
    api_projects,
    api_keyed_projects,
    api_votes,
    api_tallies,
    api_metrics,
    api_results,
    api_description,
)


def create_app(settings: Settings) -> Quart:
    """Return the app of one web process. It starts even while PostgreSQL or Redis is away."""
    configure_logs(settings.log_format, settings.log_level)
    start_sentry(settings)
    app = Quart("app", static_folder=None)
    install_body_limits(app)
    install_deadline(app)
    install_sessions(app, settings)
    app.context_processor(admin_context)
    app.context_processor(budget_context)
    app.context_processor(secrecy_context)
    app.context_processor(stranger_context)
    install_templates(app, settings)
    install_converters(app)
    # Without redirects by the router: they are no responses of Quart, and they name the Host.
    app.url_map.merge_slashes = False
    install_error_handlers(app)
    app.register_error_handler(SignInFirst, send_to_sign_in)
    app.register_error_handler(StillInLine, come_again)
    app.register_error_handler(StillCounting, ask_for_results_again)
    install_description(app)
    install_request_log(app)
    app.before_request(refuse_cross_site)
    app.before_request(refuse_strangers)
    app.before_request(refuse_other_account)
    app.after_request(add_security_headers)
    app.after_request(keep_answers_private)
    app.after_request(compress)
    for module in (
        assets,
        projects,
        edit,
        search,
        team,
        feed,
        people,
        results_page,
        tracks_page,
        screen,
        live,
        vote,
        account_routes,
        register_routes,
        health,
        robots,
        *API,
    ):
        app.register_blueprint(module.blueprint)
    for module in (
        settings_page,
        display_name,
        change_password,
        export,
        delete_account,
        moderation,
        embed_card,
        button_module,
        ops,
    ):
        app.register_blueprint(module.blueprint)
    for module in (
        board_page,
        invitations_page,
        logo_page,
        account_page,
        people_page,
        voters_page,
        odd_page,
        suspensions_page,
    ):
        app.register_blueprint(module.blueprint)
    for module in (password_links, admin_links, forgot, mail, mail_address):
        app.register_blueprint(module.blueprint)
    for module in (single_sign_on, entering, connecting, handover):
        app.register_blueprint(module.blueprint)
    app.while_serving(partial(serve_with_services, app, settings))
    return app


async def serve_with_services(app: Quart, settings: Settings) -> AsyncGenerator[None]:
    """Open the connections and run the background tasks for as long as the app serves."""
    log_loop_errors(asyncio.get_running_loop())
    async with open_services(settings) as services:
        accounts = AccountsState(services)
        hub = Hub(
            services.functions,
            settings.live_streams_max,
            accounts.is_over,
            services.board,
            accounts.sees_tallies,
            partial(select_states, services.db),
        )
        app.extensions["upvote"] = services
        app.jinja_env.globals["board"] = services.board
        app.extensions["upvote_accounts"] = accounts
        app.extensions[PROVIDER] = provider = open_provider(settings)
        app.extensions[HANDOVER] = open_handover(services, accounts.revocations)
        app.extensions["upvote_hub"] = hub
        app.extensions["upvote_event"] = EventState(services)
        app.extensions["upvote_keys"] = ProjectKeys(services.db)
        app.extensions["upvote_visible"] = VisibleProjects(services.db, services.functions)
        read_admins = seldom(partial(read_admin_ids, services.db, accounts), ADMIN_TURNS)
        # Before the first request: an ended session must not be accepted meanwhile.
        await accounts.revocations.try_to_catch_up(services.db)
        await accounts.ended_sessions.exchange()
        await services.board.try_to_refresh()
        tasks = [
            asyncio.create_task(repeat(partial(follow, services, accounts), read_admins)),
            asyncio.create_task(repeat(accounts.ended_sessions.exchange_if_due)),
            asyncio.create_task(accounts.signed_out.follow(hub.sign_out, lambda: hub.open_streams > 0)),
            asyncio.create_task(send_heartbeats(services, "web", lambda: hub.open_streams)),
        ]
        yield
        await hub.end()
        if provider is not None:
            await provider.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def follow(services: Services, accounts: AccountsState) -> None:
    """Read what other processes have changed."""
    await services.board.follow(await accounts.revocations.try_to_catch_up(services.db))


def end_streams(app: Quart) -> None:
    """End the live streams of this process, and refuse new ones."""
    if "upvote_hub" in app.extensions:
        app.extensions["upvote_hub"].close()
