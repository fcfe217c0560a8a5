"""The rules for usernames and passwords."""

import re
import unicodedata

from app.accounts.common_passwords import is_common
from app.accounts.passwords import compose_password, prepare_password
from app.accounts.person import DELETED_PREFIX

USERNAME = re.compile(r"[a-z0-9_-]{3,32}")
# A username that is made from a name has so many characters at most: room for a number.
_LONGEST_MADE = 28
_PASSWORD_LENGTH = range(8, 201)
# A password that is a name and at most so many more characters is guessed from the name.
_MOST_BESIDE_A_NAME = 4


def is_username(text: str) -> bool:
    return bool(USERNAME.fullmatch(text))


def clean_username(name: str) -> str:
    """Return a name or mail address as a username: what is before the @, without accents; or ""."""
    plain = unicodedata.normalize("NFKD", name.partition("@")[0].replace("ß", "ss")).lower()
    spelled = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub("[^a-z0-9_]+", "-", spelled)[:_LONGEST_MADE].strip("-_")


async def check_credentials(username: str, password: str, board_name: str) -> dict[str, str]:
    """Return error messages by field; empty if both are valid."""
    errors = {}
    if error := username_error(username):
        errors["username"] = error
    if error := await password_error(password, username, board_name):
        errors["password"] = error
    return errors


def username_error(username: str) -> str | None:
    """Return why a new username is refused, or None."""
    if not is_username(username):
        return "A username has 3 to 32 characters: a-z, 0-9, _ and -."
    if username.startswith(DELETED_PREFIX):
        return f"A username cannot begin with {DELETED_PREFIX}"
    return None


async def password_error(password: str, username: str, board_name: str) -> str | None:
    """Return why a new password of that account on that board is refused, or None.

    Its length counts as people see it, composed.
    """
    length = len(compose_password(password))
    if length not in _PASSWORD_LENGTH:
        return f"A password has 8 to 200 characters. This one has {length}."
    lowered = prepare_password(password).lower()
    if await is_common(lowered):
        return "Many people use this password, so attackers try it first. Use a few words of your own."
    for name, whose in ((username, "your username"), (board_name, "the name of this board")):
        if _is_little_more_than(lowered, name):
            return f"This password is {whose} with little else. Use a few words of your own."
    return None


def _is_little_more_than(lowered: str, name: str) -> bool:
    known = prepare_password(name).lower()
    return known != "" and known in lowered and len(lowered) - len(known) <= _MOST_BESIDE_A_NAME
