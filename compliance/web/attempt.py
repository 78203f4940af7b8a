"""A form on a page of its own: shown, sent, refused with what was typed still in it, or done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict
from wtforms import Form

from compliance.engine import inputs
from compliance.people.directory import DirectoryError


@dataclass(frozen=True)
class Attempt:
    """What became of the form of this request."""

    form: Any  # Each page knows its own form's fields.
    done: bool = False
    refusal: str | None = None
    status: int = HTTPStatus.OK


def attempt(form_class: type[Form], do: Callable[[Any], object], **kept: object) -> Attempt:
    """Show the form with what is *kept* now, or check what was sent and *do* it; nothing refused leaves a trace."""
    if request.method != "POST":
        return Attempt(form_class(data=kept))
    form, errors = inputs.fill(form_class, _sent())
    if errors:
        stray = [f"“{name[:40]}”: {' '.join(words)}" for name, words in errors.items() if name not in form]
        return Attempt(form, refusal=" ".join(stray) or None, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        do(form)
    except DirectoryError as refused:
        return Attempt(form, refusal=str(refused), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return Attempt(form, done=True)


def _sent() -> MultiDict[str, str]:
    return MultiDict((name, value) for name, value in request.form.items(multi=True) if name != "csrf_token")
