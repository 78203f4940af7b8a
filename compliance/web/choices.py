"""The options of a select field, out of pairs of value and label."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs


def choices_of(pairs: Iterable[tuple[str, str]], nothing: str) -> list[SelectChoice]:
    """Return the choices of *pairs* after the empty one, which is called *nothing*."""
    return [SelectChoice("", nothing), *(SelectChoice(value, label) for value, label in pairs)]
