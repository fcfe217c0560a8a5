"""Marks of what a form was made from, by which nobody undoes what others have saved meanwhile.

A form has a mark of each field's text in a hidden field.
`clean` brings a text into the form that is stored.
"""

import hashlib
from collections.abc import Callable, Mapping

FIELD = "marks"
Texts = Mapping[str, str]
Clean = Callable[[str, str], str]  # of a field's name and its text


def marks(texts: Texts) -> str:
    """Return a short mark of each text, in the order of the fields."""
    return " ".join(map(_mark, texts.values()))


def changed_meanwhile(form: Texts, stored: Texts) -> list[str]:
    """Return the fields that have changed since the form was made; all if that is unknown."""
    then = _marks_then(form, stored)
    return [name for name, text in stored.items() if then.get(name) != _mark(text)]


def merged(form: Texts, stored: Texts, clean: Clean) -> dict[str, str]:
    """Return what was typed, and in the fields that the form did not change what is stored."""
    then, theirs = _marks_then(form, stored), changed_meanwhile(form, stored)
    typed = {
        name: form[name]
        for name in stored
        if name in form and not (name in theirs and _mark(clean(name, form[name])) == then.get(name))
    }
    return {**stored, **typed}


def _marks_then(form: Texts, stored: Texts) -> dict[str, str]:
    then = form.get(FIELD, "").split()
    return dict(zip(stored, then, strict=True)) if len(then) == len(stored) else {}


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
