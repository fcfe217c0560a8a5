"""The faults of a run, in a new random order in each round, so that all kinds are equally frequent."""

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
    """A kill or stop after `after` s, for `down` s. `pick` selects one of several processes."""

    after: float
    action: str
    target: str
    pick: int
    down: float

    def __str__(self) -> str:
        return f"+{self.after:.1f} s {self.action} {self.target} {self.down:.1f} s"


def schedule(seed: int, rounds: int, longest_gap: float = LONGEST_GAP) -> list[Fault]:
    """Return the faults of a seed. A round has 13 kills (2 webs, 2 workers) and 4 stops in ~16 s."""
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
class FaultInjector:
    """Runs the faults of a schedule. Different targets may be down at the same time."""

    stack: Stack
    kills: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    exits: list[str] = field(default_factory=list)  # of programs that no fault killed
    valkey_killed: list[float] = field(default_factory=list)  # when
    _busy: dict[str, asyncio.Lock] = field(default_factory=dict)
    _recoveries: set[asyncio.Task[None]] = field(default_factory=set)

    async def inject(self, faults: Sequence[Fault]) -> None:
        """Run all faults in order; return when every process is started or continued again."""
        for fault in faults:
            await asyncio.sleep(fault.after)
            await self._strike(fault)
        await asyncio.gather(*self._recoveries)
        self.look_for_exits()

    async def _strike(self, fault: Fault) -> None:
        targets = self._targets(fault)
        held = contextlib.AsyncExitStack()
        for target in targets:  # always in this order; waits for a target that is already down
            await held.enter_async_context(self._busy.setdefault(target.name, asyncio.Lock()))
        self.look_for_exits(targets)
        if fault.action == "stop":
            recovery = self._stop(targets, fault)
        elif fault.target in ("web child", "backend"):
            recovery = self._kill_a_child(targets[0], fault)
        else:
            recovery = self._kill(targets, fault)
        task = asyncio.create_task(self._finish(recovery, held))
        self._recoveries.add(task)
        await asyncio.sleep(0)

    def _targets(self, fault: Fault) -> list[Program]:
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

    async def _finish(self, recovery, held: contextlib.AsyncExitStack) -> None:
        async with held:
            await recovery

    async def _kill(self, targets: list[Program], fault: Fault) -> None:
        for target in targets:
            target.kill9()
            if target is self.stack.valkey:
                self.valkey_killed.append(time.time())
        self.kills[fault.target] += len(targets)
        await asyncio.sleep(fault.down)
        await asyncio.gather(*[self._start(target) for target in targets])

    async def _start(self, program: Program) -> None:
        if program in (self.stack.postgres, self.stack.valkey):
            await self.stack.bring_up(program)
        else:
            program.start()

    async def _kill_a_child(self, parent: Program, fault: Fault) -> None:
        """Kill a child; its parent then starts a web process or all backends of PostgreSQL again."""

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

    async def _stop(self, targets: list[Program], fault: Fault) -> None:
        for target in targets:
            target.pause()
            self.stops[fault.target] += 1
        await asyncio.sleep(fault.down)
        for target in targets:
            target.resume()

    def look_for_exits(self, held: Sequence[Program] = ()) -> None:
        """Record and restart programs that exited by themselves. `held` are locked already."""
        for program in self.stack.programs:
            lock = self._busy.setdefault(program.name, asyncio.Lock())
            if not program.runs and (program in held or not lock.locked()):
                self.exits.append(f"{program.name} exited by itself:\n{program.log_end()}")
                program.start()
