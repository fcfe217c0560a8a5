"""`python -m tests.chaos`: the long run. It exits with 0 if no vote was lost or counted twice."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from app.commands.signals import interrupt_on_signals
from tests.chaos.faults import schedule
from tests.chaos.run import Report, run

ARTIFACTS = Path("test-artifacts")
SEEDS, ROUNDS = [1, 2, 3], 6  # 3 x 6 x 13 = 234 kills


def main() -> int:
    """Run each seed on a fresh stack and print its report."""
    options = _parser().parse_args()
    interrupt_on_signals()
    good = True
    for seed in options.seed:
        with tempfile.TemporaryDirectory(prefix="upvote-chaos-") as directory:
            report = asyncio.run(_run(Path(directory), seed, options))
            if not report.verdict.good:
                _keep_logs(Path(directory), seed)
        print(report, flush=True)
        for offence in report.verdict.offences[: options.show]:
            print(offence, flush=True)
        good = good and report.verdict.good
    return 0 if good else 1


def _keep_logs(data_dir: Path, seed: int) -> None:
    """Keep the logs of a failed run's processes for the analysis."""
    kept = ARTIFACTS / f"chaos-{seed}"
    shutil.copytree(data_dir / "log", kept, dirs_exist_ok=True)
    print(f"the logs of its processes are in {kept}")


async def _run(data_dir: Path, seed: int, options: argparse.Namespace) -> Report:
    return await run(
        data_dir,
        seed,
        schedule(seed, options.rounds),
        webs=options.webs,
        workers=options.workers,
        appendfsync=options.appendfsync,
        persistent=not options.without_persistence,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.chaos", description=__doc__)
    add = parser.add_argument
    add("--seed", type=int, nargs="+", default=SEEDS, help="repeat the faults of these seeds")
    add("--rounds", type=int, default=ROUNDS, help="13 kills and 4 stops each, about 16 s")
    add("--webs", type=int, default=2, help="web processes, each on a port of its own")
    add("--workers", type=int, default=2, help="arq workers")
    add("--appendfsync", choices=["always", "everysec"], default="always")
    add("--without-persistence", action="store_true", help="Valkey forgets all: loss must be seen")
    add("--show", type=int, default=5, help="how many offending histories to print")
    return parser


if __name__ == "__main__":
    sys.exit(main())
