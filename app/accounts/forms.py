"""The rules for usernames and passwords."""

import re

from app.accounts.passwords import prepare_password

USERNAME = re.compile(r"[a-z0-9_-]{3,32}")
# Only the names of deleted accounts begin with this.
DELETED_PREFIX = "deleted-"
_PASSWORD_LENGTH = range(8, 201)


def is_username(text: str) -> bool:
    return bool(USERNAME.fullmatch(text))


def check_credentials(username: str, password: str) -> dict[str, str]:
    """Return error messages by field; empty if both are valid."""
    errors = {}
    if not is_username(username):
        errors["username"] = "A username has 3 to 32 characters: a-z, 0-9, _ and -."
    elif username.startswith(DELETED_PREFIX):
        errors["username"] = f"A username cannot begin with {DELETED_PREFIX}"
    if error := password_error(password):
        errors["password"] = error
    return errors


def password_error(password: str) -> str | None:
    """Return why a new password is refused, or None. Its length counts as it is hashed."""
    length = len(prepare_password(password))
    if length in _PASSWORD_LENGTH:
        return None
    return f"A password has 8 to 200 characters. This one has {length}."
