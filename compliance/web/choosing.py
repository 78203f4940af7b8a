"""Giving cases to a colleague: one from its own page, or up to 200 selected in the queue. Each is given by itself.

Selected cases are checked before anything is written, and again when it is confirmed; one that is refused stops no
other. Nothing but the holder is ever changed in bulk: decisions are taken one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm.exc import StaleDataError
from wtforms import Form

from compliance.authz import Actor, visible_to
from compliance.engine import assigning, run
from compliance.engine.case import Case
from compliance.engine.common import ColleagueField
from compliance.engine.errors import EngineError, InvalidInputError
from compliance.engine.move import Move
from compliance.engine.registry import registry
from compliance.kernel import clock, ids
from compliance.kernel.db import session
from compliance.people import lookup
from compliance.people.models import Person
from compliance.web.addresses import case_href, definition_of
from compliance.web.errors import SOMEBODY_WAS_QUICKER
from compliance.web.lookup import readable, text_sought
from compliance.web.people import local_address
from compliance.web.queues import desk_reader

MOST: Final = 200
ASSIGN: Final = "assign"


class InvalidSelectionError(EngineError):
    """Nothing was selected, or too much."""

    status = 422
    code = "selection"


@dataclass(frozen=True, slots=True)
class Choice:
    """A colleague who is offered, and why they cannot be chosen."""

    id: str
    name: str
    email: str
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of one selected case, or why nothing does."""

    reference: str
    title: str
    href: str | None
    refusal: str | None


def asks_for_colleague(form: Form) -> str | None:
    """Return the name of the field of *form* that takes a colleague, or ``None``."""
    return next((field.short_name for field in form if isinstance(field, ColleagueField)), None)


def choices(case: Case, who: Actor) -> dict[str, Any]:
    """Return what the page that gives *case* to a colleague offers."""
    workflow, text = definition_of(case), text_sought()
    move = Move(workflow, case, who, clock.now(), session())
    found = [
        Choice(str(one.id), one.name, one.email, assigning.why_not_person(move, one))
        for one in assigning.candidates(workflow, case, text)
    ]
    return {"choices": found, "sought": text, "more": len(found) >= lookup.MOST}


def assign_many() -> ResponseReturnValue:
    """Give the selected cases to a colleague: choose one, look at what would come of it, confirm."""
    who, selected, step = desk_reader(), _selected(), request.form.get("step", "find")
    person = _chosen()
    if step == "find" or person is None:
        return _choose_page(selected, nobody_chosen=step != "find")
    data = {"assignee": str(person.id), "reason": request.form.get("reason", "")}
    shown: dict[str, Any] = {"person": person, "reason": data["reason"], "selected": selected, "next": _next()}
    if step != "confirm":
        outcomes = [_foreseen(reference, who, data) for reference in selected]
        return render_template("queues/assign_preview.html", outcomes=outcomes, **shown)
    batch = str(ids.new_id())
    # In one order always, so that two who do this at once wait for each other instead of standing in each other's way.
    outcomes = [_done(reference, who.together(batch), data) for reference in sorted(selected)]
    return render_template("queues/assigned.html", outcomes=outcomes, batch=batch, **shown)


def _choose_page(selected: list[str], *, nobody_chosen: bool) -> ResponseReturnValue:
    text = readable(request.form.get("q", ""))
    roles = frozenset().union(*(flow.worked_by.roles for flow in registry()))
    found = lookup.colleagues(text, roles)
    page = render_template(
        "queues/assign.html",
        selected=selected,
        choices=[Choice(str(one.id), one.name, one.email, None) for one in found],
        sought=text,
        more=len(found) >= lookup.MOST,
        reason=request.form.get("reason", ""),
        refusal="Choose a colleague." if nobody_chosen else None,
        next=_next(),
    )
    return page, 422 if nobody_chosen else 200


def _selected() -> list[str]:
    found = list(dict.fromkeys(ids.clean_reference(text[:40]) for text in request.form.getlist("selected")))
    if not found:
        raise InvalidSelectionError("Select at least one case in the queue first.")
    if len(found) > MOST:
        raise InvalidSelectionError(f"Select at most {MOST} cases at once.")
    return found


def _chosen() -> Person | None:
    person_id = ids.as_id(request.form.get("assignee"))
    person = session().get(Person, person_id) if person_id else None
    return person if person is not None and person.active else None


def _next() -> str:
    return local_address(request.form.get("next") or url_for("cases.queue"))


def _foreseen(reference: str, who: Actor, data: dict[str, str]) -> Outcome:
    """Return what would come of giving the case away, without doing it."""
    case = _find(reference, who)
    if case is None:
        return _unknown(reference)
    try:
        refusal = run.refusal(case, ASSIGN, who, data)
    except InvalidInputError as refused:
        refusal = refused.sentence
    return Outcome(reference, case.title, case_href(case), refusal)


def _done(reference: str, who: Actor, data: dict[str, str]) -> Outcome:
    """Give the case away in a savepoint of its own, so that a refusal undoes nothing but itself."""
    case = _find(reference, who)
    if case is None:
        return _unknown(reference)
    title, href, refusal = case.title, case_href(case), None
    try:
        with session().begin_nested():
            run.fire(case.kind, reference, ASSIGN, who, data)
    except EngineError as refused:
        refusal = refused.sentence
    except StaleDataError:
        refusal = SOMEBODY_WAS_QUICKER
    return Outcome(reference, title, href, refusal)


def _find(reference: str, who: Actor) -> Case | None:
    if not (reference.isascii() and reference.isprintable()):
        return None
    query = sa.select(Case).where(Case.reference == reference, visible_to(who, Case))
    return session().scalars(query).one_or_none()


def _unknown(reference: str) -> Outcome:
    return Outcome(reference, "", None, "There is nothing here for you under this reference.")
