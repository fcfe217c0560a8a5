"""Compiled templates: kept beside their sources, as Python keeps modules, and in __pycache__ too.

Compiling a page's templates takes up to 70 ms, in which a web process takes no votes.
"""

import os
import sys
from pathlib import Path

import jinja2
from jinja2 import Environment
from jinja2.bccache import Bucket, FileSystemBytecodeCache
from quart import Quart

EXTENSION = "upvote_rendered_at_once"


class CompiledTemplates(FileSystemBytecodeCache):
    """Keeps what Jinja made of each template, until the template or a version changes.

    Where the directory cannot be written, as in an image, what is not there yet is compiled each time.
    A file that cannot be read is written anew.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(str(directory), "%s.cache")

    def get_bucket(
        self, environment: Environment, name: str, filename: str | None, source: str
    ) -> Bucket:
        kind = "async" if environment.is_async else "sync"
        versions = f"{sys.implementation.cache_tag}-{jinja2.__version__}-{kind}"
        return super().get_bucket(environment, f"{name}|{versions}", filename, source)

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except Exception:  # after a power cut it may be cut short
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        try:
            os.makedirs(self.directory, exist_ok=True)
            super().dump_bytecode(bucket)
            os.chmod(self._get_cache_filename(bucket), 0o644)  # as a module's, for other users too
        except OSError:
            pass


def rendered_at_once(app: Quart) -> Environment:
    """Return the app's templates without turns, for what is small and rendered outside of requests."""
    found: Environment | None = app.extensions.get(EXTENSION)
    if found is None:
        found = app.extensions[EXTENSION] = app.jinja_env.overlay(enable_async=False)
    return found
