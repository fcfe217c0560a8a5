"""Decides what the demo consists of: who exists, who submits what, who votes how, in which order.

Pure and deterministic: nothing is read or written here, and the same numbers give the same plan.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from itertools import count, islice, product
from random import Random

from app.demo.content import FOLLOW_UPS, PROJECTS, USERNAME_STEMS, USERNAME_TAILS, ProjectText

DEMO = 0  # the index of the user whom visitors sign in as
DEMO_UPVOTES = 12
DEMO_DOWNVOTES = 3

YOUNGEST = timedelta(minutes=3)
AGE_SPAN = timedelta(days=400)
WARM_UP = timedelta(hours=12)  # at this age a project has found half of its voters
CHANGES = 25  # one vote in so many changes an earlier one
MOST_VOTES_OF_A_PAIR = 3

APPROVAL = {"liked": (0.82, 0.99), "controversial": (0.51, 0.57), "disliked": (0.15, 0.3)}


@dataclass(frozen=True, slots=True)
class PlannedProject:
    title: str
    url: str | None
    description: str
    author: int  # index into Plan.users
    age: timedelta  # before now


@dataclass(frozen=True, slots=True)
class PlannedVote:
    user: int  # index into Plan.users
    project: int  # index into Plan.projects
    value: int  # the wanted end state: 1, -1, or 0 for a vote taken back


@dataclass(frozen=True, slots=True)
class Plan:
    users: tuple[str, ...]
    projects: tuple[PlannedProject, ...]
    votes: tuple[PlannedVote, ...]  # in casting order; every one of them changes something


Ballot = tuple[int, int, int]  # user, project and the opinion that the user ends up with
History = tuple[Ballot, tuple[int, ...]]  # and the values that the user casts, one after another


def make_plan(seed: int = 1, projects: int = 84, users: int = 240, votes: int = 6000) -> Plan:
    """Plan exactly so many users and projects, and as many votes as asked for or possible.

    Possible are three votes of each user on each project, except that nobody votes on a project of
    their own and the demo user votes on fifteen at most, once each. A ValueError for fewer than two
    users or less than one of the others.
    """
    if users < 2 or projects < 1 or votes < 1:
        raise ValueError("a demo needs at least two users, one project and one vote")
    rng = Random(seed)
    texts = tuple(islice(endless_texts(), projects))
    planned = plan_projects(rng, texts, users)
    return Plan(
        users=tuple(islice(endless_usernames(rng), users)),
        projects=planned,
        votes=plan_votes(rng, texts, planned, users, votes),
    )


def endless_usernames(rng: Random) -> Iterator[str]:
    names = [stem + tail for stem, tail in product(USERNAME_STEMS, USERNAME_TAILS)]
    rng.shuffle(names)
    yield "demo"
    yield from names
    for number in count(2):
        yield from (f"{name}-{number}" for name in names)


def endless_texts() -> Iterator[ProjectText]:
    yield from PROJECTS
    for number in count(2):
        for text in PROJECTS:
            yield follow_up(text, number)


def follow_up(text: ProjectText, number: int) -> ProjectText:
    lap, kind = divmod(number - 2, len(FOLLOW_UPS))
    change = FOLLOW_UPS[kind]
    return ProjectText(
        title=text.title + change.ending + (f", part {lap + 1}" if lap else ""),
        url=text.url and f"{text.url}#{number}",
        description=f"{change.opening}\n\n{text.description}",
        mood=text.mood,
    )


def plan_projects(
    rng: Random, texts: tuple[ProjectText, ...], users: int
) -> tuple[PlannedProject, ...]:
    return tuple(
        PlannedProject(text.title, text.url, text.description, pick_author(rng, index, users), age)
        for index, (text, age) in enumerate(zip(texts, pick_ages(rng, len(texts)), strict=True))
    )


def pick_author(rng: Random, index: int, users: int) -> int:
    """The demo user wrote one project in forty; the rest come more often from early users."""
    return DEMO if index % 40 == 7 else 1 + int((users - 1) * rng.random() ** 2)


def pick_ages(rng: Random, projects: int) -> list[timedelta]:
    """One age out of each of so many slices of time. Cubed: an eighth of the span holds half."""
    ages = [YOUNGEST + AGE_SPAN * ((i + rng.random()) / projects) ** 3 for i in range(projects)]
    rng.shuffle(ages)
    return ages


def plan_votes(
    rng: Random,
    texts: tuple[ProjectText, ...],
    projects: tuple[PlannedProject, ...],
    users: int,
    votes: int,
) -> tuple[PlannedVote, ...]:
    of_demo = demo_ballots(rng, texts, projects)[:votes]
    wanted = votes - len(of_demo)
    ballots = ballots_of_others(rng, texts, projects, users, wanted - wanted // CHANGES)
    histories: list[History] = [(ballot, (ballot[2],)) for ballot in of_demo]
    histories += add_changes(rng, ballots, wanted - len(ballots))
    return in_casting_order(rng, histories)


def demo_ballots(
    rng: Random, texts: tuple[ProjectText, ...], projects: tuple[PlannedProject, ...]
) -> list[Ballot]:
    """The demo user likes twelve projects and dislikes three that others dislike, too."""
    open_to_demo = [i for i, project in enumerate(projects) if project.author != DEMO]
    rng.shuffle(open_to_demo)
    open_to_demo.sort(key=lambda i: APPROVAL[texts[i].mood], reverse=True)
    downvotes = min(DEMO_DOWNVOTES, len(open_to_demo) // 5)
    upvotes = min(DEMO_UPVOTES, len(open_to_demo) - downvotes)
    disliked = open_to_demo[len(open_to_demo) - downvotes :]
    return [(DEMO, i, 1) for i in open_to_demo[:upvotes]] + [(DEMO, i, -1) for i in disliked]


def ballots_of_others(
    rng: Random,
    texts: tuple[ProjectText, ...],
    projects: tuple[PlannedProject, ...],
    users: int,
    wanted: int,
) -> list[Ballot]:
    seats = [users - 1 if project.author == DEMO else users - 2 for project in projects]
    turnouts = share_out(wanted, weigh(rng, texts, projects), seats)
    ballots = []
    for i, (text, project, turnout) in enumerate(zip(texts, projects, turnouts, strict=True)):
        voters = pick_voters(rng, users, project.author, turnout)
        upvotes = round(turnout * rng.uniform(*APPROVAL[text.mood]))
        ballots += [(user, i, 1 if n < upvotes else -1) for n, user in enumerate(voters)]
    return ballots


def weigh(
    rng: Random, texts: tuple[ProjectText, ...], projects: tuple[PlannedProject, ...]
) -> list[int]:
    """How strongly each project draws voters: by its rank in a lottery, less while it is young.

    The texts that divide people rank ninth, so that they are seen; their follow-ups take their lot.
    """
    ranks = rng.sample(range(len(projects)), len(projects))
    weights = []
    for i, (text, project) in enumerate(zip(texts, projects, strict=True)):
        rank = 8 if text.mood != "liked" and i < len(PROJECTS) else ranks[i]
        warmth = project.age / (project.age + WARM_UP)
        weights.append(1 + int(1_000_000 * warmth / (rank + 2)))
    return weights


def share_out(total: int, weights: list[int], seats: list[int]) -> list[int]:
    """Divide the total by weight; what does not fit into a project's seats goes to the others.

    Integers and fractions throughout: with floats the last one could get more than its seats.
    """
    shares = [0] * len(weights)
    left = min(total, sum(seats))
    weight_left = sum(weights)
    for i in sorted(range(len(weights)), key=lambda i: Fraction(seats[i], weights[i])):
        shares[i] = min(seats[i], left * weights[i] // weight_left)
        left -= shares[i]
        weight_left -= weights[i]
    return shares


def pick_voters(rng: Random, users: int, author: int, turnout: int) -> list[int]:
    """So many different users, not demo, not the author; early users vote more often."""
    candidates = rng.sample(range(1, users), min(users - 1, 2 * turnout + 1))
    active = sorted(candidates, key=lambda user: user * rng.random())
    voters = [user for user in active if user != author][:turnout]
    rng.shuffle(voters)
    return voters


def add_changes(rng: Random, ballots: list[Ballot], wanted: int) -> list[History]:
    room = (MOST_VOTES_OF_A_PAIR - 1) * len(ballots)
    changes = [0] * len(ballots)
    for slot in rng.sample(range(room), min(room, wanted)):
        changes[slot % len(ballots)] += 1
    return [(ballot, history(rng, ballot[2], n)) for ballot, n in zip(ballots, changes, strict=True)]


def history(rng: Random, opinion: int, changes: int) -> tuple[int, ...]:
    """What a user casts who thinks better of it so often: a swing, a vote taken back, or both."""
    if changes == 0:
        return (opinion,)
    if changes == 1:
        return rng.choice(((-opinion, opinion), (opinion, 0)))
    return opinion, rng.choice((-opinion, 0)), opinion


def in_casting_order(rng: Random, histories: list[History]) -> tuple[PlannedVote, ...]:
    """All votes shuffled, those of one user on one project in their order."""
    turns = [n for n, (_, values) in enumerate(histories) for _ in values]
    rng.shuffle(turns)
    remaining = [iter(values) for _, values in histories]
    votes = []
    for n in turns:
        user, project, _ = histories[n][0]
        votes.append(PlannedVote(user, project, next(remaining[n])))
    return tuple(votes)
