"""Opening and moving cases. There is no other way to be born and no other way to move.

A change goes ``form → permission → state → guards → machine → effect → deadlines → event``, all in the caller's
transaction; the caller commits. Whatever refuses raises an :class:`~compliance.engine.errors.EngineError` and has
written nothing.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session
from transitions import MachineError
from wtforms import Form

from compliance.audit import events
from compliance.audit.events import Receipt
from compliance.audit.models import AuditEvent
from compliance.authz import SYSTEM_ACTOR, Actor
from compliance.engine import (
    announcing,
    answering,
    assigning,
    blind,
    content,
    deadlines,
    determination,
    drafts,
    inputs,
    prefill,
    sight,
    subject,
    words,
)
from compliance.engine.case import Case
from compliance.engine.definition import Action, Holder, Workflow
from compliance.engine.errors import (
    EngineError,
    InvalidInputError,
    MovedOnError,
    NotAllowedError,
    NotFoundError,
    RefusedError,
)
from compliance.engine.move import Move
from compliance.engine.registry import registry
from compliance.kernel import clock, ids
from compliance.kernel.db import session as current_session
from compliance.people import organisations
from compliance.people.models import Organisation, Person

MAX_FOLLOW_UPS: Final = 8
CHUNK: Final = 200


@dataclass
class Outcome:
    """What came of it: the case as it is now, a receipt for each event written, the action, and the state before it."""

    case: Case
    receipts: list[Receipt] = field(default_factory=list)
    action: Action | None = None
    before: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """Where cases are opened; *batch* names the import that they come with, in the event of each.

    *known* spares looking the same people up again for each of them.
    """

    organisation_id: uuid.UUID
    team_id: uuid.UUID | None = None
    sample: bool = False
    batch: uuid.UUID | None = None
    known: dict[str, uuid.UUID | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Offered:
    """An action as its page may offer it: possible, or with the sentence that says why not."""

    action: Action
    refusal: str | None


def open_case(
    kind: str,
    actor: Actor,
    data: Mapping[str, Any],
    *,
    organisation_id: uuid.UUID,
    team_id: uuid.UUID | None = None,
    sample: bool = False,
) -> Outcome:
    """Open a case of *kind* for an organisation; raises :class:`EngineError` subclasses, having written nothing."""
    (outcome,) = open_many(kind, actor, [data], Opening(organisation_id, team_id, sample))
    return outcome


def open_many(kind: str, actor: Actor, rows: Iterable[Mapping[str, Any]], where: Opening) -> Iterator[Outcome]:
    """Open a case for each of *rows*, in order, with fewer statements than one at a time; raises as the first refuses.

    The next row is taken only when the one before was accepted. What was opened before a refusal is in the caller's
    transaction, and gone with it.
    """
    workflow, session, asked = registry().process(kind).workflow, current_session(), iter(rows)
    _refuse_stranger(workflow, actor, where)
    actor = actor.together(str(where.batch)) if where.batch else actor
    if workflow.of_programme:
        where = replace(where, organisation_id=organisations.programme().id, team_id=None)
    organisation = session.get(Organisation, where.organisation_id)  # Held, so that no case asks for it again.
    if organisation is not None and organisation.sample:
        where = replace(where, sample=True)  # What is tried out in the sample goes with it.
    references = _free_references(session, workflow)
    while True:
        with events.together(session):
            attempts = (
                _attempt(workflow, actor, data, where, next(references)) for data in itertools.islice(asked, CHUNK)
            )
            born = [_bear(move) for move in attempts]
        session.flush()
        yield from (follow_up(outcome, workflow) for outcome in born)
        if len(born) < CHUNK:
            break
    del organisation


def refusal_of_opening(kind: str, actor: Actor, data: Mapping[str, Any], where: Opening) -> EngineError | None:
    """Return how opening a case from *data* would be refused; nothing is written either way."""
    workflow = registry().process(kind).workflow
    _refuse_stranger(workflow, actor, where)
    try:
        _attempt(workflow, actor, data, where)
    except (InvalidInputError, RefusedError) as refused:
        return refused
    return None


def fire(
    kind: str,
    reference: str,
    name: str,
    actor: Actor,
    data: Mapping[str, Any] | None = None,
    *,
    seen: str | None = None,
) -> Outcome:
    """Do the action called *name* to a case as *actor*.

    *seen* is the content digest that the actor's form showed; a deciding action asks for it and is refused when the
    case says something else by now.
    """
    case = find(kind, reference, actor, lock=True)
    process = registry().process(kind, case.definition)
    action = process.workflow.action(name)
    if action is None:
        raise NotFoundError(f"“{name[:60]}” is not something that can be done to a {process.workflow.title.lower()}.")
    capacity = capacity_for(case, action, actor)
    if action.binds and seen != case.content_digest:
        raise MovedOnError(
            f"The case changed after you opened the form. {moved_on(case)} Look at it again, then decide."
        )
    form = validated(action.form, data or {})
    move = Move(process.workflow, case, actor, clock.now(), current_session(), facts=form.data)
    _ask(action.guards, move)
    if drafted := prefill.drafted_in(move, action):
        move.policy["drafts"] = drafts.refuse_unread(form, drafted)
    outcome = Outcome(case, action=action, before=case.state)
    outcome.receipts.append(apply(move, action, form, capacity))
    return follow_up(outcome, process.workflow)


def capacity_for(case: Case, action: Action, actor: Actor) -> str:
    """Return in which capacity *actor* may do *action* to *case*; raises where nobody can now, or others may."""
    capacity = action.allow.capacity(actor, case)
    if capacity is None:
        raise NotAllowedError(f"“{action.label}” is for: {action.allow}.")
    if case.state not in action.sources:
        raise MovedOnError(f"“{action.label}” is not possible any more. {moved_on(case)}")
    return capacity


def refusal(case: Case, name: str, actor: Actor, data: Mapping[str, Any]) -> str | None:
    """Return why *actor* could not do the action called *name* to *case* with *data* now, without doing anything."""
    workflow = registry().process(case.kind, case.definition).workflow
    action = workflow.action(name)
    if action is None or case.state not in action.sources:
        return "This cannot be done to it where it stands."
    if not action.allow.permits(actor, case):
        return f"“{action.label}” is for: {action.allow}."
    form = validated(action.form, data)
    move = Move(workflow, case, actor, clock.now(), current_session(), facts=form.data)
    return next((sentence for guard in action.guards if (sentence := guard(move))), None)


def available(case: Case, actor: Actor) -> list[Offered]:
    """Return the actions that *actor* may do to *case* in its state, each with the reason it is refused right now."""
    workflow = registry().process(case.kind, case.definition).workflow
    move = Move(workflow, case, actor, clock.now(), current_session())
    return [
        Offered(action, next((sentence for guard in action.guards if (sentence := guard(move))), None))
        for action in workflow.actions
        if case.state in action.sources and action.listed and not action.by_itself and action.allow.permits(actor, case)
    ]


def find(kind: str, reference: str, actor: Actor, *, lock: bool = False) -> Case:
    """Return the case that *actor* sees under *reference*; raises :class:`NotFoundError` alike for all others."""
    clean = ids.clean_reference(reference[:40])
    query = sight.query(registry().process(kind).workflow.model, actor, lock=lock)
    # A character that no reference holds (NUL above all) never reaches the database, which may choke on it.
    readable = clean.isascii() and clean.isprintable()
    case = current_session().scalars(query, {"sought": clean}).one_or_none() if readable else None
    if case is None:
        raise NotFoundError(
            "There is nothing here for you under this reference. Check it, or ask whoever sent it to you."
        )
    return case


def settle(case: Case) -> Outcome:
    """Fire what fires by itself as soon as it can, for a case that came to its state by no action."""
    return follow_up(Outcome(case), registry().process(case.kind, case.definition).workflow)


def validated(form_class: type[Form], data: Mapping[str, Any]) -> Form:
    """Return the form filled with *data*; raises :class:`InvalidInputError` for unknown fields and refused values."""
    form, errors = inputs.fill(form_class, data)
    if errors:
        raise InvalidInputError(errors)
    return form


def moved_on(case: Case) -> str:
    """Return who brought the case to where it is, and when."""
    session = current_session()
    newest = session.execute(
        sa.select(AuditEvent.actor_id, AuditEvent.at).where(
            AuditEvent.stream == case.stream, AuditEvent.rev == case.audit_rev
        )
    ).one()
    actor_id = ids.as_id(newest.actor_id)
    person = session.get(Person, actor_id) if actor_id else None
    label = registry().process(case.kind, case.definition).workflow.stage(case.state).label
    who = person.name if person else "Countersign"
    return f"It is “{label}” since {who} acted on {newest.at:%d %B %Y at %H:%M} UTC."


def _refuse_stranger(workflow: Workflow, actor: Actor, where: Opening) -> None:
    if not workflow.may_open.permits_in(actor, where.organisation_id, where.team_id):
        raise NotAllowedError(f"To open this you need the role {workflow.may_open}.")


def _attempt(workflow: Workflow, actor: Actor, data: Mapping[str, Any], where: Opening, reference: str = "") -> Move:
    """Return the attempt to open a case from *data*, which nothing refuses any more and nothing knows yet."""
    form = validated(workflow.open_form, data)
    at, session, case_id = clock.now(), current_session(), ids.new_id()
    case = workflow.model(
        id=case_id,
        kind=workflow.kind,
        reference=reference,
        stream=f"{workflow.kind}/{case_id}",
        definition=workflow.version,
        state=workflow.start.value,
        organisation_id=where.organisation_id,
        team_id=where.team_id,
        opened_by_id=actor.id,
        created_at=at,
        sample=where.sample,
        audit_rev=0,
        content_version=0,
    )
    move = Move(workflow, case, actor, at, session, facts=form.data, known=where.known)
    with session.no_autoflush:
        content.take_terms(move, form)
        case.title = case.title or f"{workflow.title} {case.reference}"
        _ask(workflow.open_guards, move)
    return move


def _bear(move: Move) -> Outcome:
    with move.session.no_autoflush:
        if move.workflow.on_open:
            move.workflow.on_open(move)
        move.session.add(move.case)
        content.keep_version(move)
        words.keep(move)
        deadlines.enter(move)
        receipt = record(move, "open", None, move.workflow.may_open.capacity(move.actor, move.case))
    return Outcome(move.case, [receipt])


def apply(move: Move, action: Action, form: Form | None, capacity: str | None) -> Receipt:
    """Carry out what nothing refuses any more, and return the receipt of its event."""
    case, before = move.case, move.case.state
    with move.session.no_autoflush:
        if form is not None:
            content.take_terms(move, form)
        if action.effect:
            action.effect(move)
        answering.ask_anew(move)
        try:
            registry().process(case.kind, case.definition).machine.events[action.name].trigger(case, move)
        except MachineError:
            raise MovedOnError(f"“{action.label}” is not possible any more. {moved_on(case)}") from None
        _hold(move, action)
        content.keep_version(move)
        words.keep(move)
        if case.state != before:
            deadlines.enter(move, before)
        else:
            deadlines.ask_again(move, action.name)
        determination.keep(move, action, form)
        blind.keep(move, action, form)
        receipt = record(move, action.name, before, capacity)
        blind.cover(move)
    move.session.flush()
    for kind in blind.kinds_due(move):
        of = {"determination": str(move.determination)}
        open_case(kind, SYSTEM_ACTOR, of, organisation_id=case.organisation_id, sample=case.sample)
    return receipt


def _hold(move: Move, action: Action) -> None:
    case = move.case
    if action.holder is Holder.TAKE:
        case.holder_id, case.held_since = move.actor.id, move.at
    elif action.holder is Holder.GIVE_BACK:
        assigning.give_back(move)
    elif action.holder is Holder.RELEASE or (
        action.targets and not move.workflow.stage(case.state).turn(move).is_staff
    ):
        case.holder_id, case.held_since = None, None


def record(move: Move, name: str, before: str | None, capacity: str | None) -> Receipt:
    """Write the event of what *move* did, and tell whom it concerns."""
    case = move.case
    receipt = events.append(
        case,
        f"{case.kind}.{name}",
        move.actor,
        session=move.session,
        organisation_id=case.organisation_id,
        from_state=before,
        to_state=case.state,
        subject=subject.of(move, name),
        changes=move.changes,
        reason=move.fact("reason"),
        policy=move.policy,
        capacity=capacity,
        at=move.at,
    )
    announcing.announce(move, name, before, receipt)
    return receipt


def _ask(guards: tuple[Any, ...], move: Move) -> None:
    for guard in guards:
        if sentence := guard(move):
            raise RefusedError(sentence)


def follow_up(outcome: Outcome, workflow: Workflow) -> Outcome:
    """Fire what fires by itself as soon as it can."""
    case, session = outcome.case, current_session()
    for _ in range(MAX_FOLLOW_UPS):
        for action in workflow.actions:
            if not action.auto or case.state not in action.sources:
                continue
            move = Move(workflow, case, SYSTEM_ACTOR, clock.now(), session, facts={})
            if not any(guard(move) for guard in action.guards):
                outcome.receipts.append(apply(move, action, None, "system"))
                break
        else:
            break
    return outcome


def _free_references(session: Session, workflow: Workflow) -> Iterator[str]:
    """Yield references that no case has: one, then as many at a time as a chunk needs."""
    count = 1
    while True:
        drawn = {ids.new_reference(workflow.prefix) for _ in range(count)}
        taken = session.scalars(sa.select(Case.reference).where(Case.reference.in_(drawn)))
        yield from drawn.difference(taken)
        count = CHUNK
