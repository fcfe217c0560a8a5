"""Troubles outside: mail, single sign-on, keys and webhooks that fail, lost mails, and links."""

from tests.operations.doctor.troubles import Trouble, settings, statements

GIVEN_UP = "INSERT INTO mails (kind, problem, given_up) VALUES ('reset', 'SMTPConnectError', true)"
DISABLED = "INSERT INTO webhooks (url, secret, events, disabled_at) VALUES ('x', 'x', '{x}', now())"
AWAY = "smtp://me:geheim@127.0.0.1:1"

OUTSIDE: dict[str, Trouble] = {
    "mail server": settings(
        smtp_url=AWAY, mail_from="me@board.example", base_url="https://board.example"
    ),
    "sign-in provider": settings(
        oidc_issuer="http://localhost:1",
        oidc_client_id="upvote",
        oidc_client_secret="geheim",
        base_url="https://board.example",
    ),
    "handover keys": settings(handover_keys="/nowhere/keys.json", base_url="https://board.example"),
    "mails": statements(GIVEN_UP, "DELETE FROM mails"),
    "webhooks": statements(DISABLED, "DELETE FROM webhooks"),
    "links": statements(
        "INSERT INTO invitations (code, uses) VALUES (repeat('a', 24), 1)", "DELETE FROM invitations"
    ),
}
