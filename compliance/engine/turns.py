"""Whose turn it is: which of the cases that somebody sees wait for that very person."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from compliance.authz import CLIENT, Actor, Role, is_worker
from compliance.engine.case import Case
from compliance.engine.definition import Party

ACTS_FOR_CLIENT: Final = CLIENT - {Role.APPROVER, Role.TEAM_VIEWER, Role.VIEWER}
AGENCY: Final = frozenset({Role.AGENCY_MEMBER, Role.AGENCY_OWNER})
_ROLES: Final = {
    Party.CLIENT: ACTS_FOR_CLIENT,
    Party.APPROVERS: frozenset({Role.APPROVER}),
    Party.COMPLIANCE_CONTACT: frozenset({Role.COMPLIANCE_CONTACT}),
}


def waiting_for(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition that a case waits for *actor*; whether the actor sees it is asked beside this."""
    ways: list[sa.ColumnElement[bool]] = [
        sa.and_(Case.waits_for == party.value, one_of(Case.organisation_id, places))
        for party, roles in _ROLES.items()
        if (places := {grant.organisation_id for grant in actor.grants if grant.role in roles})
    ]
    agencies = {grant.organisation_id for grant in actor.grants if grant.role in AGENCY}
    own = sa.or_(Case.worker_id == actor.id, Case.worker_organisation_id.in_(agencies))
    ways.append(sa.and_(Case.waits_for == Party.FREELANCER.value, own))
    if actor.is_staff:
        ways.append(sa.and_(Case.desk, held_by(actor)))
    return sa.or_(*ways)


def held_by(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition that *actor*, or whom the actor stands in for, holds a case."""
    return one_of(Case.holder_id, actor.identities)


def one_of(column: InstrumentedAttribute[Any], values: Collection[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that *column* is one of *values*; a single one is compared, to keep an index in order."""
    return column == next(iter(values)) if len(values) == 1 else column.in_(values)


def is_turn_of(actor: Actor, case: Case) -> bool:
    """Tell whether *case* waits for *actor*."""
    if case.desk:
        return case.holder_id in actor.identities
    if case.waits_for == Party.FREELANCER:
        return is_worker(actor, case)
    roles = _ROLES.get(Party(case.waits_for), frozenset())
    return any(actor.holds(role, case.organisation_id, case.team_id) for role in roles)
