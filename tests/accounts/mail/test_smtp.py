"""How a mail server is reached, and what a mail looks like."""

import logging
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.accounts.mail import smtp
from app.accounts.mail.smtp import parse_smtp_url
from app.accounts.mail.texts import TEXTS, Sender, write_mail
from app.operations.doctor.mail import check_mail_server
from app.settings import SettingsError, load_settings
from tests.accounts.mail.conftest import BASE_URL, MailServer


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 587, None, None, False, None)),
        ("smtp://me:pw@mail.example.org:25", ("mail.example.org", 25, "me", "pw", False, True)),
        (
            "smtp://a%40b.c:p%2Fw@mail.example.org",
            ("mail.example.org", 587, "a@b.c", "p/w", False, True),
        ),
        ("smtps://me:pw@mail.example.org", ("mail.example.org", 465, "me", "pw", True, False)),
        ("smtp://me:pw@localhost:2525", ("localhost", 2525, "me", "pw", False, False)),
        ("smtp://me:pw@[::1]:2525", ("::1", 2525, "me", "pw", False, False)),
        ("smtp://me:pw@127.0.0.1", ("127.0.0.1", 587, "me", "pw", False, False)),
    ],
)
def test_a_password_needs_tls_except_on_this_machine(url, server):
    assert parse_smtp_url(url) == server


@pytest.fixture
def elsewhere(monkeypatch):
    """Treat the mail server as if it were on another machine."""
    monkeypatch.setattr(smtp, "_is_local", lambda _: False)


async def log_in(url: str) -> None:
    async with smtp.connect(url):
        pass


async def test_the_password_of_the_mail_server_is_sent_unencrypted(mail_server, elsewhere):
    with pytest.raises(smtp.ERRORS, match="STARTTLS"):
        await log_in(mail_server.url)
    assert mail_server.logins == 0


def write_certificate(path: Path) -> None:
    """Write a new key, and a certificate for 127.0.0.1 that it has signed itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )


async def test_a_password_goes_through_tls_to_a_server_with_a_valid_certificate(
    elsewhere, tmp_path, monkeypatch
):
    # The server logs an exception, sooner or later, when its certificate is refused.
    monkeypatch.setattr(logging.getLogger("mail.log"), "disabled", True)
    certificate, server = tmp_path / "server.pem", MailServer()
    write_certificate(certificate)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with server.serving(tls_context=context, require_starttls=True, auth_require_tls=True):
        with pytest.raises(smtp.ERRORS):
            await log_in(server.url)
        assert server.logins == 0
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        await log_in(server.url)
        assert server.logins == 1


@pytest.mark.parametrize("kind", TEXTS)
def test_a_line_break_becomes_a_header_of_a_mail(kind):
    sender = Sender("board@board.example", "Board\r\nBcc: thief@example.org\n\nText")
    mail = write_mail(kind, sender, "me@example.org", "ada", f"{BASE_URL}/password/x")
    assert mail.keys() == [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    ]  # fmt: skip
    assert b"\nBcc:" not in bytes(mail).split(b"\r\n\r\n")[0]
    assert f"{BASE_URL}/password/x" in mail.get_content()
    with pytest.raises(ValueError, match="plain address"):
        write_mail(kind, sender, "me@example.org\nBcc: thief@example.org", "ada", BASE_URL)


def test_a_board_of_any_script_writes_mails():
    sender = Sender("board@board.example", "Hackathon „Größe“, 東京")
    mail = write_mail("reset", sender, "me@example.org", "ada", BASE_URL)
    assert mail["From"].addresses[0].display_name == "Hackathon „Größe“, 東京"
    assert "東京" in mail["Subject"]
    assert bytes(mail).isascii()


def test_mail_needs_a_sender():
    with pytest.raises(SettingsError, match="MAIL_FROM is required when SMTP_URL is set"):
        load_settings(smtp_url="smtp://mail.example.org")


def test_mail_needs_the_public_address():
    given = {"smtp_url": "smtp://mail.example.org", "mail_from": "board@example.org"}
    with pytest.raises(SettingsError, match="BASE_URL is required when SMTP_URL is set"):
        load_settings(**given)
    assert load_settings(**given, base_url=BASE_URL).smtp_url == given["smtp_url"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "mail.example.org"),
        ("SMTP_URL", "http://me:geheim@mail.example.org"),
        ("SMTP_URL", "smtp://me:geheim@mail.example.org:port"),
        ("SMTP_URL", "smtp:///path"),
        ("MAIL_FROM", "Board"),
        ("MAIL_FROM", "a@b.c\nBcc: d@e.f"),
        ("MAIL_FROM", "größe@example.org"),
    ],
)
def test_a_bad_setting_is_named_without_the_password(name, value):
    with pytest.raises(SettingsError) as error:
        load_settings(**{name.lower(): value})
    assert str(error.value).startswith(f"{name}: ")
    assert "geheim" not in str(error.value)
    assert "\n" not in str(error.value)


async def test_doctor_logs_in_to_the_mail_server(settings, mail_server):
    async def check(**changes):
        given = {"smtp_url": mail_server.url, "mail_from": "board@board.example", "base_url": BASE_URL}
        [check] = await check_mail_server(settings.model_copy(update=given | changes), connects=True)
        return check

    assert (await check()).passed
    assert mail_server.logins == 1
    wrong = await check(smtp_url=mail_server.url.replace("se%2F", "geheim"))
    assert not wrong.passed
    assert "SMTPAuthenticationError 535" in wrong.text
    assert "geheim" not in wrong.text
    assert not (await check(smtp_url="smtp://127.0.0.1:1")).passed
    assert (await check(smtp_url=None)).passed
    assert mail_server.mails == []
