"""Filling in any form from what it says of itself: its fields, their choices and bounds, and what it refuses.

Every field has a list of things that people write into such fields; what the form refuses is replaced by the next one
on the list. ``great`` asks for the other end: the largest number, the last choice, every box ticked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    Field,
    FileField,
    FloatField,
    Form,
    IntegerField,
    SelectField,
    SelectMultipleField,
)

from compliance.engine import inputs, rule_changing
from compliance.engine.answering import ObjectField
from compliance.engine.blind import DeterminationField
from compliance.engine.common import ColleagueField
from compliance.engine.document_actions import DocumentField
from compliance.engine.documents import Examined
from compliance.engine.file_types import TYPES
from compliance.engine.rule_changing import RuleSetField, RulesField, VersionField
from compliance.engine.signing import SignatureField
from compliance.kernel import clock
from compliance.kernel.files import Arrived
from compliance.rules.model import Outcome

TEXT = "Written for a test, and long enough for a field that asks for more than a word."
WORKER_EMAIL = "worker@example.com"
# One that no case of these tests is decided under.
RULE_SET = "nl-deliveroo"


@dataclass(frozen=True)
class Day:
    """A day so many days from the present one, whenever that is."""

    ahead: int


@dataclass(frozen=True)
class Someone:
    """A person of the cast, by the role they are there for."""

    role: str
    number: int = 0


@dataclass(frozen=True)
class Answers:
    """Complete answers to whatever the case asks of whoever acts, of which its rules make this outcome."""

    outcome: Outcome


@dataclass(frozen=True)
class Paper:
    """A small file."""


@dataclass(frozen=True)
class OwnDocument:
    """A document that the side of whoever acts has added to the case."""


@dataclass(frozen=True)
class Determined:
    """A determination of another case."""


@dataclass(frozen=True)
class OwnName:
    """The name of whoever acts."""


@dataclass(frozen=True)
class NextVersion:
    """What a form that changes a rule set says of the version after the newest, whichever that is by now."""

    field: str


Data = Mapping[str, Any]
# What stands for something that only a case can tell, and how to find out.
Placeholder = Answers | Paper | OwnDocument | OwnName | NextVersion | Determined
Real = Callable[[Placeholder], Any]
PersonId = Callable[[Someone], str]


STANDING_FOR: dict[type[Field], tuple[Someone | Placeholder, Someone | Placeholder]] = {
    ColleagueField: (Someone("senior_reviewer", 1), Someone("reviewer", 1)),
    ObjectField: (Answers(Outcome.INDEPENDENT_CONTRACTOR), Answers(Outcome.EMPLOYEE)),
    FileField: (Paper(), Paper()),
    DocumentField: (OwnDocument(), OwnDocument()),
    SignatureField: (OwnName(), OwnName()),
    RuleSetField: (NextVersion("rule_set"), NextVersion("rule_set")),
    VersionField: (NextVersion("new_version"), NextVersion("new_version")),
    RulesField: (NextVersion("text"), NextVersion("text")),
    DeterminationField: (Determined(), Determined()),
}


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


def imagined(thing: Placeholder) -> Any:  # noqa: ANN401 - whatever its field takes
    """Return something of the right form, where no case is there to tell what fits."""
    if isinstance(thing, Answers):
        return '{"question": true}'
    if isinstance(thing, OwnDocument | Determined):
        return str(UUID(int=0))
    if isinstance(thing, OwnName):
        return "Somebody"
    if isinstance(thing, NextVersion):
        return rule_changing.prefilled({"rule_set": RULE_SET})[thing.field]
    return Examined(Arrived(Path("paper.txt"), 1, "0" * 64), "paper.txt", TYPES[0])


def looked_up(data: Data, person_id: PersonId, real: Real = imagined) -> MultiDict[str, Any]:
    """Return *data* as a browser sends it, with real days, real people and what else *real* finds."""
    sent: MultiDict[str, Any] = MultiDict()
    for name, value in data.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Day):
                sent.add(name, (clock.now().date() + dt.timedelta(days=one.ahead)).isoformat())
            elif isinstance(one, Someone):
                sent.add(name, person_id(one))
            elif isinstance(one, Placeholder):
                sent.add(name, real(one))
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
    for kind, (small, large) in STANDING_FOR.items():
        if isinstance(field, kind):
            return [large if great else small]
    text = TEXT * (1 + (flags.minlength or 0) // len(TEXT))
    return [text[: flags.maxlength or None], WORKER_EMAIL, "GB", "GBP", "1250.50", "https://example.com/one", ""]


def _choices(field: SelectField, *, great: bool) -> list[Any]:
    keys = [str(choice[0]) for choice in field.iter_choices() if str(choice[0])]
    if isinstance(field, SelectMultipleField):
        return [keys if great else keys[:1]]
    return keys[::-1] if great else keys
