"""Compare the history of intents with the state of the servers.

An acknowledgement says which vote the user has at a version of the project. The event log, replayed
up to that version, must say the same; otherwise an acknowledged vote is **lost**. If it was answered
while Valkey had not written it yet (`everysec`), it is **owed**, which is allowed. Every event needs
one intent: the acknowledged one with its version, or an unknown one with its value that was sent
before. An event without an intent was **counted twice**. An unknown intent is **late** if it took
effect after a later vote of the same user on the same project was acknowledged, because it replaces
the vote in the user's last answer, or after its button had given up, because a later vote may have
been sent then.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.storage.timeouts import BUTTON_SECONDS
from tests.chaos.history import Intent, Outcome
from tests.chaos.ledger import Change, Ledger, Pair

Window = tuple[float, float]

# Redis truncates times to milliseconds; the client reads the same clock before and after.
CLOCK = 0.002


@dataclass
class Verdict:
    """How often each rule was broken, and the histories that broke it."""

    broken: Counter[str] = field(default_factory=Counter)
    offences: list[str] = field(default_factory=list)
    lost: list[Intent] = field(default_factory=list)  # acknowledged, but not in the event log
    owed: list[Intent] = field(default_factory=list)  # the same, but allowed

    @property
    def good(self) -> bool:
        return not self.broken

    def add(self, rule: str, offence: str) -> None:
        self.broken[rule] += 1
        self.offences.append(f"{rule}: {offence}")


def judge(
    verdict: Verdict, history: Sequence[Intent], ledger: Ledger, windows: Sequence[Window] = ()
) -> None:
    """Compare a run's history with the ledger at its end.

    In the windows (since, until) Valkey may have answered before it wrote, and was then killed.
    """
    intents: dict[Pair, list[Intent]] = defaultdict(list)
    for intent in history:
        intents[intent.project_id, intent.user_id].append(intent)
    changes: dict[Pair, list[Change]] = defaultdict(list)
    for log in ledger.changes.values():
        for change in log:
            changes[change.project_id, change.user_id].append(change)
    for project_id, log in ledger.changes.items():
        _judge_log(verdict, project_id, log, ledger.epochs)
    for pair in intents.keys() | changes.keys():
        _judge_pair(verdict, pair, intents[pair], changes[pair], windows)
    for project_id in ledger.tallies:
        _judge_sums(verdict, project_id, ledger)
    _judge_clients(verdict, history, windows)


def _within(intent: Intent, windows: Sequence[Window]) -> bool:
    """Return whether Redis may have answered the intent in one of the windows."""
    return any(intent.sent <= until and since <= intent.answered for since, until in windows)


def _judge_log(
    verdict: Verdict, project_id: int, log: Sequence[Change], epochs: Sequence[float]
) -> None:
    """Check that versions are 1 to n and that every old value is the user's previous new value.

    Only a new epoch after a loss in Redis may skip versions.
    """
    version, at = 0, 0.0
    for change in log:
        gap = change.version > version + 1 and any(at < begun <= change.at for begun in epochs)
        if change.version != version + 1 and not gap:
            verdict.add("versions", f"project {project_id}: {change} follows version {version}")
        version, at = change.version, change.at
    standing: dict[int, int] = {}
    for change in log:
        if change.old_value != standing.get(change.user_id, 0):
            was = standing.get(change.user_id, 0)
            verdict.add("chain", f"{change} does not follow from {was}")
        standing[change.user_id] = change.new_value


def _judge_pair(
    verdict: Verdict,
    pair: Pair,
    intents: Sequence[Intent],
    changes: Sequence[Change],
    windows: Sequence[Window],
) -> None:
    """Compare the answers to one user about one project with the event log."""
    for intent in intents:
        if intent.outcome is Outcome.ACKNOWLEDGED:
            value = 0
            for change in changes:
                if change.version <= intent.version:
                    value = change.new_value
            if intent.vote != intent.value:
                verdict.add("answer", f"asked for {intent.value}, answer {intent.vote}: {intent}")
            if value != intent.value and _within(intent, windows):
                verdict.owed.append(intent)
            elif value != intent.value:
                verdict.lost.append(intent)
                verdict.add("lost", f"{intent}\n{_story(pair, intents, changes)}")
    _judge_changes(verdict, pair, intents, changes)


def _judge_changes(
    verdict: Verdict, pair: Pair, intents: Sequence[Intent], changes: Sequence[Change]
) -> None:
    """Find an intent for each event. An unknown one may take effect once, while its button waits."""
    acknowledged = [i for i in intents if i.outcome is Outcome.ACKNOWLEDGED]
    unknown = [intent for intent in intents if intent.outcome is Outcome.UNKNOWN]
    for change in changes:
        if any(_made_by(change, intent) for intent in acknowledged):
            continue
        fitting = [i for i in unknown if i.value == change.new_value and i.sent <= change.at + CLOCK]
        if not fitting:
            verdict.add("doubled", f"nobody asked for {change}\n{_story(pair, intents, changes)}")
            continue
        intent = fitting[-1]  # the latest one, in favour of the board
        unknown.remove(intent)
        overtaken = any(i.sent > intent.sent and i.version < change.version for i in acknowledged)
        if overtaken or change.at > intent.sent + BUTTON_SECONDS:
            verdict.add("late", f"{change}\nis of {intent}\n{_story(pair, intents, changes)}")


def _made_by(change: Change, intent: Intent) -> bool:
    """Return whether this acknowledged intent made this event."""
    made = (intent.version, intent.value) == (change.version, change.new_value)
    return made and intent.sent - CLOCK <= change.at <= intent.answered + CLOCK


def _judge_sums(verdict: Verdict, project_id: int, ledger: Ledger) -> None:
    """Check that table, replayed events and Redis have the same votes, tallies and versions.

    After a new epoch a version may be above that of the last event, because later events were lost.
    """
    replayed: dict[int, int] = {}
    log = ledger.changes.get(project_id, [])
    for change in log:
        replayed[change.user_id] = change.new_value
    replayed = {user: value for user, value in replayed.items() if value}
    votes = {user: value for (p, user), value in ledger.votes.items() if p == project_id}
    values = list(votes.values())
    counted = (values.count(1), values.count(-1))
    reached = log[-1].version if log else 0
    synced = ledger.tallies[project_id]
    live = ledger.live_tallies.get(project_id, synced)
    expected = {
        "votes and the replay of events": (votes, replayed),
        "the project's tally and the votes": (synced[:2], counted),
        "Redis' votes and PostgreSQL's": (ledger.live_votes.get(project_id, votes), votes),
        "Redis' tally and the votes": (live[:2], counted),
        "the project's version and the last event's": (synced[2], reached),
        "Redis' version and the last event's": (live[2], reached),
    }
    for what, (found, wanted) in expected.items():
        skipped = ledger.epochs and "version" in what and found >= wanted
        if found != wanted and not skipped:
            verdict.add("drift", f"project {project_id}: {what} differ: {found} and {wanted}")


def _judge_clients(verdict: Verdict, history: Iterable[Intent], windows: Sequence[Window]) -> None:
    """Check that the versions in one client's answers never fall, except for answers in a window.

    Without limits no vote may be refused.
    """
    seen: dict[Pair, int] = {}
    for intent in history:
        if intent.outcome is Outcome.ACKNOWLEDGED:
            place = intent.client, intent.project_id
            if intent.version < seen.get(place, 0):
                verdict.add("fell", f"the version was {seen[place]}, then {intent}")
            if not _within(intent, windows):
                seen[place] = intent.version
        if intent.outcome is Outcome.REFUSED or intent.status == 500:
            verdict.add("error", f"{intent}")


def _story(pair: Pair, intents: Sequence[Intent], changes: Sequence[Change]) -> str:
    """Return everything about one user and one project in the order of time."""
    lines = [(change.at, f"  {change.at:.3f}    event {_of(change)}") for change in changes]
    for i in intents:
        if i.outcome is not Outcome.UNSENT:
            detail = f" v{i.version}" if i.outcome is Outcome.ACKNOWLEDGED else f" {i.status or ''}"
            lines.append((i.sent, f"  {i.sent:.3f} {i.answered:.3f} {i.value:2} {i.outcome}{detail}"))
    return f"  project {pair[0]}, user {pair[1]}:\n" + "\n".join(line for _, line in sorted(lines))


def _of(change: Change) -> str:
    return f"v{change.version} {change.old_value} -> {change.new_value}"
