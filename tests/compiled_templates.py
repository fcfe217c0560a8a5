"""Compiles each template once for the many apps of the tests: a third of their time went there."""

from types import CodeType

import jinja2

CODE: dict[tuple[object, ...], CodeType] = {}
compile_template = jinja2.Environment.compile


def share_compiled_templates() -> None:
    """Let all apps of this process share what is compiled. They have the same filters and options."""
    jinja2.Environment.compile = _compile_once  # type: ignore[method-assign, assignment]


def _compile_once(environment, source, name=None, filename=None, **options):
    if options or not isinstance(source, str) or filename is None:
        return compile_template(environment, source, name, filename, **options)
    key = source, name, filename, environment.is_async, environment.trim_blocks
    if key not in CODE:
        CODE[key] = compile_template(environment, source, name, filename)
    return CODE[key]
