"""What the clients saw: for each request its time, the time until its answer, and its status."""

import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

VOTE, PAGE, OTHER = 0, 1, 2
LOST = 0  # in place of a status: there was no answer


class Answer(NamedTuple):
    """One answer: time sent (monotonic, s), time taken (ms), status, and its kind."""

    sent: float
    taken: float
    status: int
    kind: int


def pack(answers: Iterable[Answer]) -> bytes:
    return array("d", [number for answer in answers for number in answer]).tobytes()


def unpack(data: bytes) -> list[Answer]:
    numbers = array("d")
    numbers.frombytes(data)
    rows = zip(*[iter(numbers)] * len(Answer._fields), strict=True)
    return [Answer(sent, taken, int(status), int(kind)) for sent, taken, status, kind in rows]


@dataclass(frozen=True)
class Times:
    """The times (ms) that some answers took; 0 without any."""

    count: int
    p50: float
    p99: float
    longest: float


def times(answers: Iterable[Answer], kind: int) -> Times:
    """Return the times of the answers of this kind."""
    taken = sorted(answer.taken for answer in answers if answer.kind == kind)
    return Times(len(taken), _at(taken, 0.5), _at(taken, 0.99), _at(taken, 1.0))


def errors(answers: Iterable[Answer]) -> int:
    """Return how many of the answers were no 200, or never came."""
    return sum(answer.status != 200 for answer in answers)


def _at(taken: Sequence[float], share: float) -> float:
    return taken[min(len(taken) - 1, int(len(taken) * share))] if taken else 0.0


def warn(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
