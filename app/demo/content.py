"""The texts of the demo: hand-written projects, and the parts of its usernames."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Mood = Literal["liked", "controversial", "disliked"]


@dataclass(frozen=True, slots=True)
class ProjectText:
    title: str
    url: str | None
    description: str
    mood: Mood


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Text that turns a project into another one: the title's end and the description's beginning."""

    ending: str
    opening: str


def load_projects() -> tuple[ProjectText, ...]:
    with Path(__file__).with_name("projects.toml").open("rb") as file:
        entries = tomllib.load(file)["project"]
    return tuple(
        ProjectText(
            title=entry["title"],
            url=entry.get("url"),
            description=join_lines(entry["description"]),
            mood=entry.get("mood", "liked"),
        )
        for entry in entries
    )


def join_lines(text: str) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


PROJECTS = load_projects()

FOLLOW_UPS = (
    FollowUp(", a year later", "What held up, what did not, and what I would leave out."),
    FollowUp(" (the rewrite)", "I started again with everything the first version taught me."),
    FollowUp(", second edition", "Corrected and extended with what readers sent in."),
    FollowUp(", for schools", "The same idea, with material for a double lesson."),
    FollowUp(": field notes", "Notes from three months of using it outdoors."),
    FollowUp(", open data", "All measurements so far, with a description of every column."),
    FollowUp(", in the north", "A group two hundred kilometres away made it their own."),
    FollowUp(", winter update", "Cold hands and short days changed a few decisions."),
    FollowUp(", on paper", "A printed version for people who asked for one."),
    FollowUp(": the workshop", "An afternoon for twelve people, with a list of tools."),
    FollowUp(", translated", "Now in six languages, thanks to eleven volunteers."),
    FollowUp(", a smaller version", "Half the parts, most of the use."),
)

USERNAME_STEMS = (
    "ana", "okafor", "ines", "leila", "mikkel", "yuki", "tomasz", "priya", "jonas", "amara",
    "soren", "lucia", "haruto", "noor", "bram", "elif", "mateo", "freya", "kwame", "zoe",
    "dmitri", "paloma", "anselm", "ngozi", "rafael", "signe", "tariq", "wanda", "emeka", "juno",
    "heron", "lichen", "copper", "tinker", "marlow", "quill", "ember", "sparrow", "gravel",
    "oxbow",
)  # fmt: skip

USERNAME_TAILS = (
    "", "_k", "-m", "_vd", "42", "77", "1989", "_3", "-builds", "-makes", "_solders", "-maps",
    "_writes", "-at-night", "_garden", "-lab", "_loops", "-outdoors", "_reads", "_w",
)  # fmt: skip
