"""The check of the harness detects each kind of error."""

import pytest

from app.storage.timeouts import BUTTON_SECONDS
from tests.chaos.check import Verdict, judge
from tests.chaos.history import Intent, Outcome
from tests.chaos.ledger import Change, Ledger

P, U, V = 7, 1, 2  # a project and two users
T = 1_000_000.0


def acknowledged(value: int, version: int, at: float, user: int = U) -> Intent:
    sent, answered = T + at, T + at + 0.1
    return Intent(0, 1, P, user, value, sent, answered, Outcome.ACKNOWLEDGED, 200, value, version)


def unknown(value: int, at: float) -> Intent:
    return Intent(0, 1, P, U, value, T + at, T + at + 0.1)


def change(version: int, old: int, new: int, at: float, user: int = U) -> Change:
    return Change(P, version, user, old, new, T + at + 0.05)


def ledger(*log: Change, epochs: tuple[float, ...] = ()) -> Ledger:
    """Return a ledger in which all servers agree on this event log."""
    votes = {c.user_id: c.new_value for c in log}
    votes = {user: value for user, value in votes.items() if value}
    values = list(votes.values())
    tally = (values.count(1), values.count(-1), log[-1].version if log else 0)
    pairs = {(P, user): value for user, value in votes.items()}
    return Ledger({P: list(log)}, pairs, {P: tally}, {P: votes}, {P: tally}, list(epochs))


def broken(history: list[Intent], servers: Ledger, *windows: tuple[float, float]) -> dict[str, int]:
    verdict = Verdict()
    judge(verdict, history, servers, windows)
    return dict(verdict.broken)


def test_votes_and_repeats_in_the_event_log_are_accepted():
    history = [acknowledged(1, 1, 0), acknowledged(1, 1, 1), acknowledged(-1, 2, 2)]
    assert broken(history, ledger(change(1, 0, 1, 0), change(2, 1, -1, 2))) == {}


def test_an_unknown_vote_may_have_happened_or_not():
    history = [acknowledged(1, 1, 0), unknown(-1, 1)]
    assert broken(history, ledger(change(1, 0, 1, 0))) == {}
    assert broken(history, ledger(change(1, 0, 1, 0), change(2, 1, -1, 1))) == {}


def test_an_acknowledged_vote_that_is_not_in_the_log_is_lost():
    assert broken([acknowledged(1, 1, 0)], ledger()) == {"lost": 1}
    history = [acknowledged(1, 1, 0), acknowledged(-1, 2, 1)]
    assert broken(history, ledger(change(1, 0, 1, 0))) == {"lost": 1}


def test_a_vote_that_was_lost_and_cast_again_is_still_lost():
    history = [acknowledged(1, 1, 0), acknowledged(1, 2, 9)]
    servers = ledger(change(2, 0, 1, 9), epochs=(T + 5,))
    assert broken(history, servers) == {"lost": 1}


def test_only_a_vote_acknowledged_just_before_a_kill_may_be_owed():
    history = [acknowledged(1, 1, 0)]  # answered at 0.1
    assert broken(history, ledger(), (T - 1.95, T + 0.05)) == {}
    assert broken(history, ledger(), (T + 0.2, T + 2.2)) == {"lost": 1}
    assert broken(history, ledger(), (T - 2.1, T - 0.1)) == {"lost": 1}


def test_only_a_version_acknowledged_just_before_a_kill_may_be_used_again():
    history = [acknowledged(1, 2, 0), acknowledged(1, 1, 5, user=V)]
    servers = ledger(change(1, 0, 1, 5, user=V))
    assert broken(history, servers, (T - 1, T + 1)) == {}
    assert broken(history, servers, (T + 2, T + 4)) == {"lost": 1, "fell": 1}


def test_an_event_without_an_intent_was_counted_twice():
    history = [acknowledged(1, 1, 0), acknowledged(0, 2, 1)]
    servers = ledger(change(1, 0, 1, 0), change(2, 1, 0, 1), change(3, 0, 1, 2))
    assert broken(history, servers) == {"doubled": 1}


def test_one_unknown_vote_cannot_explain_two_events():
    history = [unknown(1, 0), acknowledged(0, 2, 1)]
    servers = ledger(change(1, 0, 1, 0), change(2, 1, 0, 1), change(3, 0, 1, 2))
    assert broken(history, servers) == {"doubled": 1}


def test_an_unknown_vote_after_a_later_acknowledged_one_is_late():
    history = [unknown(1, 0), acknowledged(0, 0, 1)]
    assert broken(history, ledger(change(1, 0, 1, 2))) == {"late": 1}


def test_an_unknown_vote_after_its_button_gave_up_is_late():
    assert broken([unknown(1, 0)], ledger(change(1, 0, 1, BUTTON_SECONDS - 0.1))) == {}
    assert broken([unknown(1, 0)], ledger(change(1, 0, 1, BUTTON_SECONDS + 0.1))) == {"late": 1}


def test_versions_have_no_gaps_without_a_loss_in_redis():
    history = [acknowledged(1, 1, 0), acknowledged(1, 3, 2, user=V)]
    log = change(1, 0, 1, 0), change(3, 0, 1, 2, user=V)
    assert broken(history, ledger(*log)) == {"versions": 1}
    assert broken(history, ledger(*log, epochs=(T + 1,))) == {}


def test_the_old_value_of_an_event_is_the_last_new_value():
    history = [acknowledged(1, 1, 0), acknowledged(-1, 2, 1)]
    assert broken(history, ledger(change(1, 0, 1, 0), change(2, 0, -1, 1))) == {"chain": 1}


def test_versions_acknowledged_to_a_client_never_fall():
    history = [acknowledged(1, 2, 0), acknowledged(1, 1, 1, user=V)]
    log = change(1, 0, 1, 1, user=V), change(2, 0, 1, 0)
    assert broken(history, ledger(*log)) == {"fell": 1}


@pytest.mark.parametrize("where", ["votes", "tallies", "live_votes", "live_tallies"])
def test_a_count_that_differs_anywhere_is_a_difference(where):
    servers = ledger(change(1, 0, 1, 0))
    wrong = {
        "votes": {(P, U): -1},
        "tallies": {P: (2, 0, 1)},
        "live_votes": {P: {U: 1, V: 1}},
        "live_tallies": {P: (1, 0, 2)},
    }
    getattr(servers, where).update(wrong[where])
    assert broken([acknowledged(1, 1, 0)], servers).keys() == {"drift"}


def test_without_limits_nothing_is_refused():
    intent = unknown(1, 0)
    intent.outcome, intent.status = Outcome.REFUSED, 404
    assert broken([intent], ledger()) == {"error": 1}
