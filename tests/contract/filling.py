"""Filling in any form from what it says of itself: its fields, their choices and bounds, and what it refuses.

Every field has a list of things that people write into such fields; what the form refuses is replaced by the next one
on the list. ``great`` asks for the other end: the largest number, the last choice, every box ticked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    Field,
    FloatField,
    Form,
    IntegerField,
    SelectField,
    SelectMultipleField,
)
from wtforms.validators import UUID

from compliance.engine import inputs
from compliance.kernel import clock

TEXT = "Written for a test, and long enough for a field that asks for more than a word."
WORKER_EMAIL = "worker@example.com"


@dataclass(frozen=True)
class Day:
    """A day so many days from the present one, whenever that is."""

    ahead: int


@dataclass(frozen=True)
class Someone:
    """A person of the cast, by the role they are there for."""

    role: str
    number: int = 0


Data = Mapping[str, Any]
PersonId = Callable[[Someone], str]


class UnfillableError(AssertionError):
    """None of the things known fits a field; teach :func:`_candidates` another one."""


def filled(form_class: type[Form], person_id: PersonId, *, great: bool = False) -> Data:
    """Return data that *form_class* accepts, with days and people that are still to be looked up."""
    form = form_class()
    dates = [field.short_name for field in form if isinstance(field, DateField)]
    lists = {field.short_name: _candidates(field, dates, great=great) for field in form}
    chosen = dict.fromkeys(lists, 0)
    while True:
        data = {name: lists[name][at] for name, at in chosen.items()}
        _, errors = inputs.fill(form_class, looked_up(data, person_id))
        if not errors:
            return data
        for name in errors:
            chosen[name] += 1
            if chosen[name] == len(lists[name]):
                raise UnfillableError(f"{form_class.__name__}.{name}: {errors[name]}")


def looked_up(data: Data, person_id: PersonId) -> MultiDict[str, str]:
    """Return *data* as a browser sends it, with real days and real people."""
    sent: MultiDict[str, str] = MultiDict()
    for name, value in data.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Day):
                sent.add(name, (clock.now().date() + dt.timedelta(days=one.ahead)).isoformat())
            elif isinstance(one, Someone):
                sent.add(name, person_id(one))
            elif one is not None:
                sent.add(name, one)
    return sent


def _candidates(field: Field, dates: list[str], *, great: bool) -> list[Any]:
    flags = field.flags
    if isinstance(field, BooleanField):
        return ["true"] if great or flags.required else [None, "true"]
    if isinstance(field, SelectField):
        return _choices(field, great=great)
    if isinstance(field, IntegerField | DecimalField | FloatField):
        return [str(flags.max or 1000) if great else str(flags.min or 0), "1"]
    if isinstance(field, DateField):
        # Forms ask for the earlier day first.
        later = dates.index(field.short_name)
        return [Day(60 + 400 * later) if great else Day(30 + 15 * later), Day(-1)]
    if any(isinstance(validator, UUID) for validator in field.validators):
        return [Someone("senior_reviewer", 1) if great else Someone("reviewer", 1)]
    text = TEXT * (1 + (flags.minlength or 0) // len(TEXT))
    return [text[: flags.maxlength or None], WORKER_EMAIL, "GB", "GBP", "1250.50", "https://example.com/one"]


def _choices(field: SelectField, *, great: bool) -> list[Any]:
    keys = [str(choice[0]) for choice in field.iter_choices() if str(choice[0])]
    if isinstance(field, SelectMultipleField):
        return [keys if great else keys[:1]]
    return keys[::-1] if great else keys
