"""The mails: plain text, short, in the words of the account's holder."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from typing import NamedTuple

from app.accounts.mail.address import is_address

RESET = """\
Hello {username},

somebody, probably you, asked to set a new password for your account
{username} on {board}. Open this within a day to set it:

{link}

If it was not you, do nothing. Your password stays as it is.
"""
CONFIRM = """\
Hello,

the account {username} on {board} has given this mail address.
If it is yours, open this within a day to confirm it:

{link}

If you do not know this account, do nothing.
"""
PASSWORD_CHANGED = """\
Hello {username},

your account {username} on {board} has a new password,
and all other sessions have ended.
If it was not you, set another one and ask the people who run the board:

{link}
"""
ADDRESS_CHANGED = """\
Hello {username},

this mail address does not belong to your account {username}
on {board} any more.
If it was not you, set a new password and ask the people who run the board:

{link}
"""
# kind -> subject and text
TEXTS = {
    "reset": ("Set a new password on {board}", RESET),
    "confirm": ("Confirm your mail address for {board}", CONFIRM),
    "password_changed": ("Your new password on {board}", PASSWORD_CHANGED),
    "address_changed": ("Your mail address on {board}", ADDRESS_CHANGED),
}


# Without bytes beyond ASCII, which not every server passes on.
_POLICY = SMTP.clone(cte_type="7bit")


class Sender(NamedTuple):
    """Who writes: MAIL_FROM, and the board's name."""

    mail_from: str
    board: str


def write_mail(kind: str, sender: Sender, to: str, username: str, link: str) -> EmailMessage:
    """Return the mail. Nothing in it can begin another header: the library refuses line breaks."""
    if not is_address(to):
        raise ValueError("a mail goes to one plain address")
    subject, text = TEXTS[kind]
    board = " ".join(sender.board.split())
    name, address = parseaddr(sender.mail_from)
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(name or board, addr_spec=address)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = subject.format(board=board)
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # no out-of-office answers (RFC 3834)
    message.set_content(text.format(username=username, board=board, link=link))
    return message
