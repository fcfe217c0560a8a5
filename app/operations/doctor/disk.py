"""The check of the disk under DATA_DIR, on which the embedded servers write."""

import contextlib
import os
import shutil
from pathlib import Path

from app.operations.doctor.check import Check, fail, ok, ok_or_fail
from app.settings import Settings

GIGABYTE = 1024**3
# PostgreSQL keeps up to 512 MB of its log (max_wal_size), and the event log grows. Valkey needs as much
# again as its data when it rewrites the append-only file.
SPARE_BYTES = GIGABYTE


def check_disk(settings: Settings) -> Check:
    """Check that there is room for what the embedded servers write next."""
    if not (settings.embedded_database or settings.embedded_redis):
        return ok("disk", "not looked at: PostgreSQL and Redis are not embedded")
    directory = settings.data_dir
    try:
        free = shutil.disk_usage(directory).free
        needed = SPARE_BYTES + _size(directory / "valkey")
    except OSError as error:
        advice = "Run this as the owner of DATA_DIR, or correct DATA_DIR"
        return fail("disk", f"{directory} cannot be read ({error.strerror})", advice)
    value = f"{free / GIGABYTE:.1f} GB free under {directory}"
    advice = (
        f"Free some until there are {needed / GIGABYTE:.1f} GB, or move DATA_DIR to a larger disk: "
        "when it is full, votes get 503"
    )
    return ok_or_fail("disk", free >= needed, value, advice)


def _size(directory: Path) -> int:
    """Return the bytes of all files below a directory, 0 if there is none."""
    total = 0
    for path, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # Valkey has just replaced it
                total += (Path(path) / name).lstat().st_size
    return total
