"""The addresses at which a board is read, by the route of the app that answers them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.accounts.queries import Account
from tests.asgi_calls import FORM, HTMX

LISTS = ["/", *(f"/?sort={s}" for s in ("shuffled", "new", "hot", "top&t=day", "best", "rising"))]
SHUFFLED = ("/", "/?sort=shuffled")
API_LISTS = ["/api/projects", *(f"/api/projects?sort={sort}" for sort in ("shuffled", "new", "top"))]


SIGN_IN = ("start", "callback", "connect", "confirm", "ended")  # of an identity provider; there is none


@dataclass(frozen=True)
class World:
    """The people and projects that the addresses name."""

    projects: list[int]
    author: Account
    reader: Account
    token: str

    @property
    def keys(self) -> list[str]:
        return [f"key-{project_id}" for project_id in self.projects]

    def each(self, path: str) -> list[str]:
        return [path.format(project_id) for project_id in self.projects]


# endpoint -> the addresses to read
GETS: dict[str, Callable[[World], list[str]]] = {
    "projects.front": lambda _: LISTS,
    "projects.project_page": lambda world: world.each("/projects/{}"),
    "projects.new_project": lambda _: ["/projects/new"],
    "edit.edit_form": lambda world: world.each("/projects/{}/edit")[:1],
    "edit.delete_form": lambda world: world.each("/projects/{}/delete")[:1],
    "search.search": lambda w: [
        *("/search", "/search?q=project", "/search?q=%22Project%201%22"),
        f"/search?q={w.projects[0]}.example",
    ],
    "feeds.feed": lambda _: ["/feed.atom", "/feed.atom?sort=hot", "/feed.atom?sort=top&t=week"],
    "people.profile": lambda w: [f"/users/{w.author.username}", f"/users/{w.reader.username}"],
    "people.my_votes": lambda _: [f"/me/votes?filter={chosen}" for chosen in ("all", "up", "down")],
    "embed.embed": lambda world: world.each("/embed/{}"),
    "live.live": lambda w: [f"/live?projects={','.join(map(str, w.projects))}"],
    "health.healthz": lambda _: ["/healthz"],
    "health.readyz": lambda _: ["/readyz"],
    "robots.robots": lambda _: ["/robots.txt"],
    "assets.favicon": lambda _: ["/favicon.ico"],
    "button_module.button_module": lambda _: ["/embed/upvote.js"],
    "assets.static_file": lambda _: ["/static/css/vote.css"],
    "accounts.login_page": lambda _: ["/login"],
    "registration.register_page": lambda _: ["/register"],
    "registration.find_invitation": lambda _: ["/join", "/join?code=x"],
    "registration.join_page": lambda _: [f"/join/{24 * '0'}"],
    "me.settings_page": lambda _: ["/me/settings"],
    "delete_account.delete_account_page": lambda _: ["/me/settings/delete"],
    "export.export": lambda _: ["/me/export.json"],
    "ops.metrics": lambda _: ["/metrics"],
    "ops.ops": lambda _: ["/ops"],
    "password_links.password_page": lambda _: [f"/password/{43 * 'A'}"],
    "forgot.forgot_page": lambda _: ["/password"],
    "mail.confirm_page": lambda _: [f"/mail/{43 * 'A'}"],
    "password_links.change_password_address": lambda _: ["/.well-known/change-password"],
    "connecting.provider_page": lambda _: ["/me/settings/provider"],
    "first_sign_in.name_page": lambda _: ["/sign-in/name"],
    **{f"single_sign_on.{part}": lambda _, part=part: [f"/sign-in/{part}"] for part in SIGN_IN},
    "handover.enter": lambda _: ["/handover"],
    "moderation.moderation_log": lambda _: ["/admin/audit"],
    "moderation.closed_projects": lambda _: ["/admin/projects"],
    "account_page.former_address": lambda w: [f"/admin/users/{w.author.username}"],
    "suspensions_page.preview": lambda w: [f"/admin/suspensions/new?account={w.author.id}"],
    "suspensions_page.withdrawals": lambda _: ["/admin/withdrawals"],
    "odd_page.odd_votes": lambda _: ["/admin/odd"],
    "people_page.people": lambda _: ["/admin/people"],
    "people_page.people_csv": lambda _: ["/admin/people.csv"],
    "voters_page.voters": lambda w: w.each("/admin/projects/{}/votes"),
    "voters_page.voters_csv": lambda w: w.each("/admin/projects/{}/votes.csv"),
    "account_page.account_page": lambda w: [f"/admin/people/{w.author.username}"],
    "board_page.board_page": lambda _: ["/admin/board"],
    "board_page.reveal_page": lambda _: ["/admin/board/reveal"],
    "tracks_page.tracks_page": lambda _: ["/admin/tracks"],
    "invitations_page.invitations_page": lambda _: ["/admin/invitations"],
    "invitations_page.invitation_page": lambda _: ["/admin/invitations/1"],
    "results.results_page": lambda _: ["/results", "/results?track=none"],
    "results.results_csv": lambda _: ["/results.csv"],
    "results.results_svg": lambda _: ["/results.svg"],
    "team.my_teams": lambda _: ["/me/teams"],
    "team.team_page": lambda world: world.each("/projects/{}/team")[:1],
    "screen.screen": lambda _: ["/screen"],
    "screen.screen_rows": lambda _: ["/screen/rows"],
    "screen.screen_places": lambda _: ["/screen/places"],
    "logo_page.logo": lambda _: [f"/board/logo/{64 * '0'}.webp"],
    "logo_page.accent": lambda _: ["/board/accent-0a7d4f.css"],
    "api_results.list_results": lambda _: ["/api/results"],
    "api_projects.list_projects": lambda _: API_LISTS,
    "api_projects.show_project": lambda world: world.each("/api/projects/{}"),
    "api_projects.list_my_votes": lambda _: ["/api/me/votes"],
    "api_by_key.show_by_key": lambda world: [f"/api/projects/by-key/{key}" for key in world.keys],
    "api_tallies.read_tallies": lambda world: [f"/api/tallies?keys={','.join(world.keys)},none"],
    "api_metrics.vote_metrics": lambda _: ["/api/votes/metrics"],
    "api_description.openapi": lambda _: ["/api/openapi.json"],
}

Post = tuple[str, Mapping[str, str], bytes]
JSON = {"content-type": "application/json"}


def _votes(world: World) -> list[Post]:
    """Return votes that change nothing, on a project with a vote of the reader and on one without."""
    up, none = world.projects[0], world.projects[1]
    fragments: list[Post] = [
        (f"/projects/{up}/vote", FORM | HTMX, b"value=1"),
        (f"/projects/{none}/vote", FORM | HTMX, b"value=0"),
    ]
    return [*fragments, (f"/projects/{up}/vote", FORM, b"value=1")]


# endpoint -> the requests to send; they change nothing
POSTS: dict[str, Callable[[World], list[Post]]] = {
    "voting.vote": _votes,
    "api_votes.cast_vote": lambda w: [
        ("/api/votes", JSON, b'{"project_id": %d, "vote_type": "up"}' % w.projects[0]),
        ("/api/votes", JSON, b'{"key": "key-%d", "vote_type": "up"}' % w.projects[0]),
    ],
}
# These answer nothing about projects, or only admins.
OTHER_POSTS = {
    "connecting.confirm_with_password", "connecting.disconnect", "first_sign_in.choose_name",
    "handover.enter_after_asking",
    "accounts.login", "registration.register_with_form", "registration.join", "accounts.logout",
    "me.create_token", "me.revoke_token", "password.change_password", "delete_account.delete_account",
    "display_name.change_display_name",
    "projects.submit_project", "edit.edit", "edit.delete", "moderation.moderate_project",
    "account_page.moderate_user", "suspensions_page.suspend", "board_page.save", "board_page.at_once",
    "board_page.reveal_results", "invitations_page.create", "invitations_page.revoke",
    "tracks_page.add", "tracks_page.change", "tracks_page.move_project", "logo_page.upload",
    "team.change_team", "forgot.ask_for_mail", "mail.confirm", "mail_address.give_address",
    # A suspended account's export is made as its GET is, and a new project has nobody's votes.
    "mail_address.remove_address", "password_links.set_new_password",
    "admin_links.make_password_link",
    "export.export_suspended", "delete_account.delete_suspended", "api_projects.submit_project",
}  # fmt: skip
# These answer only admins.
PUTS = {"api_by_key.put_by_key"}
