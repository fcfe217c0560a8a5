"""The demo's plan looks like a living board, obeys the rules of voting, and repeats exactly."""

import re
from collections import Counter, defaultdict
from datetime import timedelta

import pytest

from app.demo.content import FOLLOW_UPS, PROJECTS, USERNAME_STEMS, USERNAME_TAILS
from app.demo.plan import DEMO, Plan, make_plan
from app.links import read_link

SIZES = [
    {},
    {"seed": 7},
    {"users": 2, "projects": 1, "votes": 1},
    {"users": 2, "projects": 100, "votes": 1000},
    {"users": 3, "projects": 5, "votes": 40},
    {"users": 30, "projects": 9, "votes": 10_000},
    {"users": 2000, "projects": 1100, "votes": 20_000},
]

RESERVED_HOST = re.compile(r"([a-z0-9-]+\.)+example|([a-z0-9-]+\.)?example\.(com|net|org)")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan()


@pytest.fixture(scope="module", params=SIZES, ids=str)
def any_plan(request: pytest.FixtureRequest) -> Plan:
    return make_plan(**request.param)


def final_votes(plan: Plan) -> dict[tuple[int, int], int]:
    return {(vote.user, vote.project): vote.value for vote in plan.votes}


def tallies(plan: Plan) -> list[tuple[int, int]]:
    counts = Counter((project, value) for (_, project), value in final_votes(plan).items())
    return [(counts[i, 1], counts[i, -1]) for i in range(len(plan.projects))]


# The texts


def test_there_are_at_least_84_texts_and_no_title_twice():
    assert len(PROJECTS) >= 84
    assert len({text.title for text in PROJECTS}) == len(PROJECTS)


def test_one_project_in_seven_or_so_is_text_only():
    without_url = sum(text.url is None for text in PROJECTS)
    assert len(PROJECTS) / 8 < without_url < len(PROJECTS) / 6


def test_urls_stay_on_varied_reserved_example_hosts():
    links = [read_link(text.url) for text in PROJECTS if text.url]
    hosts = [link.host for link in links]
    assert [link.address for link in links] == [text.url for text in PROJECTS if text.url]
    assert [host for host in hosts if not RESERVED_HOST.fullmatch(host)] == []
    assert len(set(hosts)) > len(hosts) / 2


def test_lines_are_joined_and_paragraphs_are_kept():
    paragraphs = [part for text in PROJECTS for part in text.description.split("\n\n")]
    assert all(part == " ".join(part.split()) != "" for part in paragraphs)
    assert len(paragraphs) > len(PROJECTS)


def test_titles_contain_html_characters_and_non_ascii_letters():
    titles = [text.title for text in PROJECTS]
    assert any("<" in title and ">" in title and "&" in title for title in titles)
    assert {"é", "ü", "日"} <= set("".join(titles))


def test_username_parts_never_form_the_same_name_twice():
    names = {stem + tail for stem in USERNAME_STEMS for tail in USERNAME_TAILS}
    assert len(names) == len(USERNAME_STEMS) * len(USERNAME_TAILS)
    assert not any(re.search(r"-\d+$", name) for name in names)  # further names get such a number


# The plan, at any size


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_same_numbers_give_an_equal_plan(size):
    assert make_plan(**size) == make_plan(**size)


def test_another_seed_gives_another_plan(plan):
    other = make_plan(seed=2)
    assert other.users != plan.users
    assert other.projects != plan.projects
    assert other.votes != plan.votes


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_plan_has_the_requested_numbers_of_users_and_projects(size):
    plan = make_plan(**size)
    assert len(plan.users) == size.get("users", 240)
    assert len(plan.projects) == size.get("projects", 84)


@pytest.mark.parametrize("votes", [1, 14, 15, 16, 41, 1000, 6000, 20_500, 59_000])
def test_a_plan_has_the_requested_number_of_votes_if_possible(votes):
    assert len(make_plan(votes=votes).votes) == votes


@pytest.mark.parametrize(("users", "projects"), [(2, 1), (2, 100), (3, 5), (30, 9), (240, 84)])
def test_too_many_votes_are_cut_to_three_per_pair_and_one_per_ballot_of_demo(users, projects):
    plan = make_plan(users=users, projects=projects, votes=3 * users * projects)
    per_pair = Counter((vote.user, vote.project) for vote in plan.votes if vote.user != DEMO)
    assert set(per_pair) == {
        (user, i)
        for i, project in enumerate(plan.projects)
        for user in range(1, users)
        if user != project.author
    }
    assert set(per_pair.values()) <= {3}
    by_others = sum(project.author != DEMO for project in plan.projects)
    assert sum(vote.user == DEMO for vote in plan.votes) == min(15, by_others)


@pytest.mark.parametrize("size", [{"users": 1}, {"projects": 0}, {"votes": 0}], ids=str)
def test_an_impossible_size_is_refused(size):
    with pytest.raises(ValueError, match="at least"):
        make_plan(**size)


def test_usernames_are_valid_and_differ_and_demo_comes_first(any_plan):
    assert any_plan.users[DEMO] == "demo"
    assert len(set(any_plan.users)) == len(any_plan.users)
    assert all(re.fullmatch(r"[a-z0-9_-]{3,32}", name) for name in any_plan.users)


def test_titles_fit_and_differ(any_plan):
    titles = [project.title for project in any_plan.projects]
    assert len(set(titles)) == len(titles)
    assert max(map(len, titles)) <= 100


def test_a_title_still_fits_after_every_kind_of_follow_up_was_used():
    laps = len(PROJECTS) * (len(FOLLOW_UPS) + 2)
    titles = [project.title for project in make_plan(projects=laps, users=2, votes=1).projects]
    assert len(set(titles)) == laps
    assert max(map(len, titles)) <= 100


def test_every_vote_changes_something(any_plan):
    votes = defaultdict(int)
    for vote in any_plan.votes:
        assert vote.value in (1, 0, -1)
        assert vote.value != votes[vote.user, vote.project]
        votes[vote.user, vote.project] = vote.value


def test_nobody_votes_on_their_own_project(any_plan):
    authors = [project.author for project in any_plan.projects]
    assert [vote for vote in any_plan.votes if vote.user == authors[vote.project]] == []


def test_no_user_votes_more_than_three_times_on_a_project(any_plan):
    assert max(Counter((vote.user, vote.project) for vote in any_plan.votes).values()) <= 3


def test_indices_point_at_users_and_projects(any_plan):
    users, projects = range(len(any_plan.users)), range(len(any_plan.projects))
    assert all(project.author in users for project in any_plan.projects)
    assert all(vote.user in users and vote.project in projects for vote in any_plan.votes)


# The plan at the size that a visitor sees


def test_ages_run_from_minutes_to_a_year_and_are_denser_recently(plan):
    ages = sorted(project.age for project in plan.projects)
    assert timedelta() < ages[0] < timedelta(minutes=30)
    assert timedelta(days=365) < ages[-1] <= timedelta(days=401)
    assert sum(age < timedelta(days=1) for age in ages) >= 8
    assert sum(age < timedelta(days=60) for age in ages) > len(ages) / 2


def test_few_projects_are_popular_and_many_have_few_votes(plan):
    upvotes = sorted((up for up, _ in tallies(plan)), reverse=True)
    assert upvotes[2] >= 190
    assert upvotes[len(upvotes) // 2] < 60


def test_some_projects_are_controversial(plan):
    close = [(up, down) for up, down in tallies(plan) if down > 20 and up / down < 1.6]
    assert sum(up >= down for up, down in close) >= 4


def test_two_projects_are_clearly_negative(plan):
    assert sum(up - down < -20 for up, down in tallies(plan)) == 2


def test_a_project_that_is_minutes_old_has_few_votes(plan):
    young = [i for i, p in enumerate(plan.projects) if p.age < timedelta(minutes=30)]
    assert young
    assert all(sum(tallies(plan)[i]) < 20 for i in young)


def test_demo_has_upvoted_twelve_projects_and_downvoted_three(plan):
    values = [value for (user, _), value in final_votes(plan).items() if user == DEMO]
    assert Counter(values) == {1: 12, -1: 3}


def test_demo_has_submitted_two_projects(plan):
    assert sum(project.author == DEMO for project in plan.projects) == 2


def test_the_votes_contain_every_transition(plan):
    seen, votes = set(), defaultdict(int)
    for vote in plan.votes:
        seen.add((votes[vote.user, vote.project], vote.value))
        votes[vote.user, vote.project] = vote.value
    assert seen == {(0, 1), (0, -1), (1, -1), (-1, 1), (1, 0), (-1, 0)}


def test_votes_on_different_projects_are_mixed(plan):
    assert len({vote.project for vote in plan.votes[:300]}) > 40
