"""Mends the end of Valkey's append-only file after a power cut, before Valkey starts.

A file system may have made the file longer before the power went, but not have written its data: then
it ends with zeros, which Valkey refuses to load. Only what was never synced can be missing there, so
these bytes are cut off, and kept. Damage of any other kind is left to the operator.
"""

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

from app.errors import OperatorError

# Valkey syncs once a second, or after two on a slow disk: 8,000 votes a second of about 500 bytes each.
MAX_CUT = 8 * 1024 * 1024
# More zeros than any command of ours has in a row: here data is missing. What follows it may be votes.
GAP = bytes(64)
CHECK_TIMEOUT = 600  # s; checking 5 MB takes 0.15 s
TOOL = "valkey-check-aof"


def mend(directory: Path, server: Path) -> None:
    """Cut off zeros at the end of the append-only file in Valkey's `dir`, and say so; keep a copy.

    Raises OperatorError if more than MAX_CUT bytes are unusable, or if commands follow zeros.
    """
    file = _last_file(directory / "appendonlydir")
    if file is None or not _ends_with_zero(file):
        return
    end = _usable_bytes(file, server)
    with file.open("rb") as opened:
        opened.seek(end)
        tail = opened.read(MAX_CUT + 1)
    if not tail:
        return
    if len(tail) > MAX_CUT or GAP in tail.rstrip(b"\0"):
        size = file.stat().st_size - end
        raise OperatorError(
            f"{file} is damaged: its last {size:,} bytes cannot be read. {advice(directory)}"
        )
    copy = _cut(file, end, tail)
    print(
        f"upvote: WARNING: after a power cut, Valkey's append-only file ended with {len(tail):,} bytes "
        f"that were never written. They are cut off and kept in {copy}. Votes of the last two seconds "
        "before the power cut may be missing; all that were in PostgreSQL are safe",
        file=sys.stderr,
        flush=True,
    )


def make_tool(directory: Path, server: Path) -> None:
    """Make ./valkey-check-aof, which Valkey's log names, in its `dir`: the server by another name."""
    tool = directory / TOOL
    if not (tool.is_symlink() and tool.readlink() == server):
        tool.unlink(missing_ok=True)
        tool.symlink_to(server)


def advice(directory: Path) -> str:
    """Return what to do about an append-only file that Valkey cannot load, with a command."""
    files = directory / "appendonlydir"
    # Given the manifest, the tool takes the base file, which is a snapshot, for damaged.
    last = _last_file(files) or files / "FILE"
    command = shlex.join([str(directory / TOOL), "--fix", str(last)])
    return (
        f"Copy {files}, then run {command}, which cuts the file off where the damage begins, and start "
        'again; docs/runbooks.md, section "Valkey does not start", says what that costs'
    )


def _last_file(directory: Path) -> Path | None:
    """Return the file that Valkey was writing, which the manifest names last; None before a start."""
    try:
        manifest = (directory / "appendonly.aof.manifest").read_text(errors="replace")
    except FileNotFoundError:
        return None
    names: list[str] = re.findall(r"^file (\S+) seq \d+ type i", manifest, re.M)
    last = directory / names[-1] if names else None
    return last if last is not None and last.is_file() else None


def _ends_with_zero(file: Path) -> bool:
    """Return whether the last byte is 0; a whole command ends with a line break."""
    with file.open("rb") as opened:
        if opened.seek(0, os.SEEK_END) == 0:
            return False
        opened.seek(-1, os.SEEK_END)
        return opened.read() == b"\0"


def _usable_bytes(file: Path, server: Path) -> int:
    """Return how many bytes from the start are whole commands, as Valkey's own tool counts them."""
    done = subprocess.run(
        [TOOL, str(file)],
        executable=server,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=CHECK_TIMEOUT,
        check=False,
    )
    found = re.search(r"ok_up_to=(\d+)", done.stdout)
    return int(found[1]) if found else file.stat().st_size


def _cut(file: Path, end: int, tail: bytes) -> Path:
    """Truncate the file and return the file with the rest, which is written and synced first."""
    copy = file.with_name(f"{file.name}.cut-at-{end}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    with copy.open("xb") as kept:
        kept.write(tail)
        kept.flush()
        os.fsync(kept.fileno())
    with file.open("r+b") as opened:
        opened.truncate(end)
        os.fsync(opened.fileno())
    return copy
