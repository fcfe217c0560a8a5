"""The rules for usernames and passwords."""

import re

USERNAME = re.compile(r"[a-z0-9_-]{3,32}")
# Only the names of deleted accounts begin with this.
DELETED_PREFIX = "deleted-"
PASSWORD_LENGTH = range(8, 201)


def is_username(text: str) -> bool:
    return bool(USERNAME.fullmatch(text))


def check_credentials(username: str, password: str) -> dict[str, str]:
    """Return error messages by field; empty if both are valid."""
    errors = {}
    if not is_username(username):
        errors["username"] = "A username has 3 to 32 characters: a-z, 0-9, _ and -."
    elif username.startswith(DELETED_PREFIX):
        errors["username"] = f"A username cannot begin with {DELETED_PREFIX}"
    if len(password) not in PASSWORD_LENGTH:
        errors["password"] = "A password has 8 to 200 characters."
    return errors
