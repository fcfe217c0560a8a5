"""Odd texts in addresses: no route of the app answers 5xx to them, whoever asks."""

from urllib.parse import quote

import pytest

from tests.support import client_of

# A character that PostgreSQL refuses; bytes that are no text, a direction mark, very many characters.
ODD = ["a%00b"]
MORE = ["%00", "%FF", "%ED%A0%80", quote("\u202eabc"), "x" * 900]
FIELDS = "q next track after before filter show t invitation finding accounts username code state iss"


@pytest.fixture
async def readers(free_app, board, db):
    """Return an admin and a visitor."""
    admin = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    yield [client_of(free_app, admin), client_of(free_app)]
    await db.execute("UPDATE users SET is_admin = false WHERE id = $1", admin.id)


def paths_of(app, method: str, odd: str) -> set[str]:
    """Return the address of each route, with the odd text in all its text parts."""
    found = set()
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.rule not in ("/live", "/logout"):
            parts = [
                part if is_fixed else ("1" if kind == "id" else odd)
                for is_fixed, kind, part in split(rule)
            ]
            found.add("".join(parts))
    return found


def split(rule) -> list[tuple[bool, str, str]]:
    """Return the parts of a rule: whether each is fixed, its converter, and its text."""
    parts = []
    for piece in rule.rule.replace(">", "<").split("<"):
        is_fixed = not len(parts) % 2
        parts.append((is_fixed, piece.partition(":")[0], piece))
    return parts


@pytest.mark.parametrize("odd", [*ODD, *[pytest.param(odd, marks=pytest.mark.long) for odd in MORE]])
async def test_no_route_breaks_over_an_odd_text(free_app, readers, odd):
    query = "&".join(f"{field}={odd}" for field in FIELDS.split())
    for client in readers:
        for path in sorted(paths_of(free_app, "GET", odd)):
            address = f"{path}?sort=name&{query}"
            assert (await client.get(address)).status_code < 500, address
        for path in sorted(paths_of(free_app, "POST", odd) - paths_of(free_app, "POST", "x")):
            answer = await client.post(path, form={"reason": "so", "action": "suspend"})
            assert answer.status_code < 500, path
