"""Every status of a vote has its number in Lua, its text for people and its name in the figures."""

import re

from app.voting.function_caller import SOURCE
from app.voting.metrics import REFUSAL_NAMES
from app.voting.vote_box import REFUSAL_TEXTS
from app.voting.votes import Status

REFUSALS = set(Status) - {Status.ACCEPTED, Status.COLD, Status.NOT_COUNTED}
CLOSED = {"LOCKED": 1, "GONE": 2}  # in Lua they are values of a tally's `closed`


def test_lua_and_python_number_statuses_alike():
    in_lua = dict(CLOSED)
    for names, numbers in re.findall(r"^local ([A-Z_]+(?:, [A-Z_]+)+) = ([0-9, ]+)$", SOURCE, re.M):
        in_lua |= dict(zip(names.split(", "), map(int, numbers.split(", ")), strict=True))
    assert in_lua == {status.name: status.value for status in Status}


def test_every_refusal_has_a_name_in_the_figures():
    assert REFUSAL_NAMES.keys() == REFUSALS


def test_every_refusal_but_gone_has_a_text():  # a gone project is answered as an unknown one
    assert REFUSAL_TEXTS.keys() == REFUSALS - {Status.GONE}
