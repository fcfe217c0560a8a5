"""The faults of a run: a deck of cards, shuffled anew each round, so every kind comes equally often."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil

from tests.chaos.program import Program
from tests.chaos.stack import Stack
from tests.waiting import until

# What is killed: one process of each name, except "all".
KILLS = ("web", "web child", "worker", "valkey", "valkey", "postgres", "backend", "all")
LONGEST_GAP = 2.4  # s between two faults
STOPS = ("web", "worker", "valkey", "postgres")


@dataclass(frozen=True)
class Fault:
    """After `after` seconds, kill or stop the target, for `down` seconds. `pick` chooses among many."""

    after: float
    action: str
    target: str
    pick: int
    down: float

    def __str__(self) -> str:
        return f"+{self.after:.1f} s {self.action} {self.target} {self.down:.1f} s"


def schedule(seed: int, rounds: int, longest_gap: float = LONGEST_GAP) -> list[Fault]:
    """The faults of a seed. A round is 13 kills (of 2 webs and 2 workers) and 4 stops in about 16 s."""
    dice = random.Random(seed)
    faults = []
    for _ in range(rounds):
        deck = [("kill", target) for target in KILLS] + [("stop", target) for target in STOPS]
        dice.shuffle(deck)
        for action, target in deck:
            after, down = dice.uniform(0.1, longest_gap), dice.uniform(0, 1.5)
            if action == "stop":
                down = dice.uniform(0.2, 3.0)
            elif target == "postgres":
                down = dice.uniform(0, 4.0)
            faults.append(Fault(after, action, target, dice.randrange(100), down))
    return faults


@dataclass
class Tormentor:
    """Carries out the faults of a schedule; different targets may be down at once."""

    stack: Stack
    kills: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    exits: list[str] = field(default_factory=list)  # of programs that nobody killed
    valkey_killed: list[float] = field(default_factory=list)  # when
    _busy: dict[str, asyncio.Lock] = field(default_factory=dict)
    _mending: set[asyncio.Task[None]] = field(default_factory=set)

    async def torment(self, faults: Sequence[Fault]) -> None:
        """All faults in order; returns when everything has been started or continued again."""
        for fault in faults:
            await asyncio.sleep(fault.after)
            await self._strike(fault)
        await asyncio.gather(*self._mending)
        self.look_for_exits()

    async def _strike(self, fault: Fault) -> None:
        victims = self._victims(fault)
        held = contextlib.AsyncExitStack()
        for victim in victims:  # in one order for all, and a victim that is down is waited for
            await held.enter_async_context(self._busy.setdefault(victim.name, asyncio.Lock()))
        self.look_for_exits(victims)
        if fault.action == "stop":
            mend = self._stop(victims, fault)
        elif fault.target in ("web child", "backend"):
            mend = self._kill_a_child(victims[0], fault)
        else:
            mend = self._kill(victims, fault)
        task = asyncio.create_task(self._finish(mend, held))
        self._mending.add(task)
        await asyncio.sleep(0)

    def _victims(self, fault: Fault) -> list[Program]:
        stack = self.stack
        webs = list(stack.webs.values())
        among = {
            "web": webs,
            "web child": webs,
            "worker": stack.workers,
            "valkey": [stack.valkey],
            "postgres": [stack.postgres],
            "backend": [stack.postgres],
        }
        if fault.target == "all":
            return stack.programs
        choice = among[fault.target]
        return [choice[fault.pick % len(choice)]]

    async def _finish(self, mend, held: contextlib.AsyncExitStack) -> None:
        async with held:
            await mend

    async def _kill(self, victims: list[Program], fault: Fault) -> None:
        for victim in victims:
            victim.kill9()
            if victim is self.stack.valkey:
                self.valkey_killed.append(time.time())
        self.kills[fault.target] += len(victims)
        await asyncio.sleep(fault.down)
        await asyncio.gather(*[self._start(victim) for victim in victims])

    async def _start(self, program: Program) -> None:
        if program in (self.stack.postgres, self.stack.valkey):
            await self.stack.bring_up(program)
        else:
            program.start()

    async def _kill_a_child(self, parent: Program, fault: Fault) -> None:
        """Its parent has to start it again: uvicorn its worker, PostgreSQL all of its backends."""

        def killed() -> bool:
            children = sorted(parent.children(), key=lambda child: child.pid)
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in children[fault.pick % len(children) :][:1] if children else []:
                    child.kill()
                    return True
            return False

        await until(killed, f"for a child of {parent.name}")
        self.kills[fault.target] += 1
        await asyncio.sleep(fault.down)
        if fault.target == "backend":
            await self.stack.bring_up(parent)

    async def _stop(self, victims: list[Program], fault: Fault) -> None:
        for victim in victims:
            victim.pause()
            self.stops[fault.target] += 1
        await asyncio.sleep(fault.down)
        for victim in victims:
            victim.resume()

    def look_for_exits(self, held: Sequence[Program] = ()) -> None:
        """Nothing exits by itself; what did is noted and started again. `held` are locked by us."""
        for program in self.stack.programs:
            lock = self._busy.setdefault(program.name, asyncio.Lock())
            if not program.runs and (program in held or not lock.locked()):
                self.exits.append(f"{program.name} exited by itself:\n{program.last_words()}")
                program.start()
