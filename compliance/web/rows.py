"""Cases as rows of a list: what each shows, and what can be done to it from there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from compliance.authz import Actor, is_at_desk
from compliance.engine import telling, turns
from compliance.engine.case import Case
from compliance.engine.definition import Action, Holder, Party, Stage
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import Organisation
from compliance.web.addresses import action_href, case_href, definition_of


@dataclass(frozen=True, slots=True)
class Row:
    """One case in a list. ``take`` is the label and address by which its reader claims or releases it there."""

    case: Case
    href: str
    stage: Stage
    client: str
    holder: str
    acts: str
    mine: bool
    age: str
    left: tuple[str, str] | None
    take: tuple[str, str] | None


def rows_of(cases: Sequence[Case], reader: Actor, queue: str | None = None) -> list[Row]:
    """Return *cases* as *reader* sees them in a list; *queue* is kept in their addresses."""
    people = telling.names_of(session(), [str(case.holder_id) for case in cases if case.holder_id])
    found = sa.select(Organisation).where(Organisation.id.in_({case.organisation_id for case in cases}))
    clients = {row.id: row.name for row in session().scalars(found)}
    now = clock.now()
    return [
        _row(case, clients[case.organisation_id], people.get(str(case.holder_id), ""), reader, now, queue)
        for case in cases
    ]


def who_acts(case: Case, holder: str | None, reader: Actor) -> str:
    """Return who must act on *case*: the reader, the party it waits for or, to the desk only, its holder by name."""
    party = Party(case.waits_for)
    if turns.is_turn_of(reader, case):
        return "You"
    if party.is_staff and holder and is_at_desk(reader, case):
        return holder
    return party.label[:1].upper() + party.label[1:]


def _row(case: Case, client: str, holder: str, reader: Actor, now: dt.datetime, queue: str | None) -> Row:
    return Row(
        case=case,
        href=case_href(case, queue),
        stage=definition_of(case).stage(case.state),
        client=client,
        holder=holder,
        acts=who_acts(case, holder, reader),
        mine=turns.is_turn_of(reader, case),
        age=telling.span(now - case.entered_at),
        left=telling.time_left(case.due_at, now),
        take=_take(case, reader),
    )


def _take(case: Case, reader: Actor) -> tuple[str, str] | None:
    """Return how *reader* would claim or release *case*; whether a guard refuses is found when it is tried."""
    if not case.desk or (case.holder_id is not None and case.holder_id not in reader.identities):
        return None
    effect = Holder.RELEASE if case.holder_id else Holder.TAKE
    action = next((action for action in definition_of(case).actions if _fits(action, case, effect, reader)), None)
    if action is None:
        return None
    return ("Release" if case.holder_id else "Claim"), action_href(case, action.name)


def _fits(action: Action, case: Case, effect: Holder, reader: Actor) -> bool:
    fits = action.holder is effect and case.state in action.sources and action.only_moves_claim
    return fits and action.allow.permits(reader, case)
