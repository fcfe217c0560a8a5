"""The plan of the demo: its users, projects and votes, and the order in which the votes are cast.

Planning is deterministic: it reads and writes nothing, and the same numbers give the same plan.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from itertools import count, islice, product
from random import Random

from app.demo.content import FOLLOW_UPS, PROJECTS, USERNAME_STEMS, USERNAME_TAILS, ProjectText

DEMO = 0  # the index of the user as whom visitors sign in
DEMO_UPVOTES = 12
DEMO_DOWNVOTES = 3

YOUNGEST = timedelta(minutes=3)
AGE_SPAN = timedelta(days=400)
WARM_UP = timedelta(hours=12)  # at this age a project has half of its voters
VOTES_PER_CHANGE = 25  # one vote in 25 changes an earlier one
MAX_VOTES_PER_PAIR = 3  # of one user on one project

# The lowest and the highest share of upvotes, by mood.
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
    votes: tuple[PlannedVote, ...]  # in casting order; each of them changes something


Ballot = tuple[int, int, int]  # user, project, and the user's opinion: 1 or -1
CastValues = tuple[Ballot, tuple[int, ...]]  # and the values that the user casts, one after another


def make_plan(seed: int = 1, projects: int = 84, users: int = 240, votes: int = 6000) -> Plan:
    """Plan the given numbers of users and projects, and as many of the `votes` as are possible.

    Each user can vote three times on each project, except on their own. The demo user votes once each
    on at most fifteen projects. Raise ValueError for fewer than two users or
    less than one of the others.
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
    """Return the demo user for one project in forty, else a random user, more often an early one."""
    return DEMO if index % 40 == 7 else 1 + int((users - 1) * rng.random() ** 2)


def pick_ages(rng: Random, projects: int) -> list[timedelta]:
    """Return one random age from each of `projects` slices of AGE_SPAN, in random order.

    The cube makes recent projects more frequent: half of them are in the last eighth of the span.
    """
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
    ballots = ballots_of_others(rng, texts, projects, users, wanted - wanted // VOTES_PER_CHANGE)
    casts: list[CastValues] = [(ballot, (ballot[2],)) for ballot in of_demo]
    casts += add_changes(rng, ballots, wanted - len(ballots))
    return shuffle_casts(rng, casts)


def demo_ballots(
    rng: Random, texts: tuple[ProjectText, ...], projects: tuple[PlannedProject, ...]
) -> list[Ballot]:
    """Return the demo user's ballots: twelve upvotes, and three downvotes that others agree with."""
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
    electorates = [users - 1 if project.author == DEMO else users - 2 for project in projects]
    turnouts = distribute(wanted, weigh(rng, texts, projects), electorates)
    ballots = []
    for i, (text, project, turnout) in enumerate(zip(texts, projects, turnouts, strict=True)):
        voters = pick_voters(rng, users, project.author, turnout)
        upvotes = round(turnout * rng.uniform(*APPROVAL[text.mood]))
        ballots += [(user, i, 1 if n < upvotes else -1) for n, user in enumerate(voters)]
    return ballots


def weigh(
    rng: Random, texts: tuple[ProjectText, ...], projects: tuple[PlannedProject, ...]
) -> list[int]:
    """Return how strongly each project attracts voters: by a random rank, and less while it is young.

    Controversial and disliked projects always rank ninth, so that visitors see them; their follow-ups
    get a random rank like all others.
    """
    ranks = rng.sample(range(len(projects)), len(projects))
    weights = []
    for i, (text, project) in enumerate(zip(texts, projects, strict=True)):
        rank = 8 if text.mood != "liked" and i < len(PROJECTS) else ranks[i]
        warmth = project.age / (project.age + WARM_UP)
        weights.append(1 + int(1_000_000 * warmth / (rank + 2)))
    return weights


def distribute(total: int, weights: list[int], limits: list[int]) -> list[int]:
    """Divide the total by weight, within the limit of each share; other shares get the excess.

    It uses only integers and fractions: with floats the last share could exceed its limit.
    """
    shares = [0] * len(weights)
    left = min(total, sum(limits))
    weight_left = sum(weights)
    for i in sorted(range(len(weights)), key=lambda i: Fraction(limits[i], weights[i])):
        shares[i] = min(limits[i], left * weights[i] // weight_left)
        left -= shares[i]
        weight_left -= weights[i]
    return shares


def pick_voters(rng: Random, users: int, author: int, turnout: int) -> list[int]:
    """Return `turnout` different users, without demo and the author; early users vote more often."""
    candidates = rng.sample(range(1, users), min(users - 1, 2 * turnout + 1))
    active = sorted(candidates, key=lambda user: user * rng.random())
    voters = [user for user in active if user != author][:turnout]
    rng.shuffle(voters)
    return voters


def add_changes(rng: Random, ballots: list[Ballot], wanted: int) -> list[CastValues]:
    """Return the values to cast for each ballot; `wanted` further votes change earlier ones."""
    possible = (MAX_VOTES_PER_PAIR - 1) * len(ballots)
    changes = [0] * len(ballots)
    for slot in rng.sample(range(possible), min(possible, wanted)):
        changes[slot % len(ballots)] += 1
    return [
        (ballot, pick_values(rng, ballot[2], n)) for ballot, n in zip(ballots, changes, strict=True)
    ]


def pick_values(rng: Random, opinion: int, changes: int) -> tuple[int, ...]:
    """Return the values cast with 0, 1 or 2 changes: an opposite vote first, a withdrawal, or both."""
    if changes == 0:
        return (opinion,)
    if changes == 1:
        return rng.choice(((-opinion, opinion), (opinion, 0)))
    return opinion, rng.choice((-opinion, 0)), opinion


def shuffle_casts(rng: Random, casts: list[CastValues]) -> tuple[PlannedVote, ...]:
    """Return all votes in random order, but those of one user on one project in their own order."""
    turns = [n for n, (_, values) in enumerate(casts) for _ in values]
    rng.shuffle(turns)
    remaining = [iter(values) for _, values in casts]
    votes = []
    for n in turns:
        user, project, _ = casts[n][0]
        votes.append(PlannedVote(user, project, next(remaining[n])))
    return tuple(votes)
