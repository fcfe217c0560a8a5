"""The key that signs sessions, after a restore."""

from pathlib import Path

from app import data_paths
from app.operations.backup.files import SECRET_KEY, read_secret_key
from app.settings import Settings


def keep_secret_key(settings: Settings, directory: Path) -> str | None:
    """Use the backup's key where we keep it ourselves; else advise whoever sets SECRET_KEY."""
    kept = read_secret_key(directory)
    if kept is None or kept == settings.secret_key:
        return None
    if settings.embedded_database:
        data_paths.keep_secret_key(settings.data_dir, kept)
        return None
    path = directory / SECRET_KEY
    return f"Set SECRET_KEY to what {path} holds, or everyone has to sign in again."
