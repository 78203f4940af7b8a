"""Standing in: somebody absent lets a colleague use some of their roles for a time.

What the stand-in does is recorded with both names, and for segregation of duties both count as having done it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa

from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import STAFF, Actor, Role
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people import directory, sign_ins
from compliance.people.directory import DirectoryError
from compliance.people.models import Delegation, Person

LONGEST: Final = dt.timedelta(days=90)
# Whoever gives rights, and whoever checks the others, does so in person.
NOT_DELEGATED: Final = frozenset({Role.ACCOUNT_ADMIN, Role.ADMINISTRATOR, Role.AUDITOR})


def delegable(actor: Actor) -> list[Role]:
    """Return the roles that *actor* can hand to a stand-in."""
    return [] if actor.stands_for else sorted(actor.roles - NOT_DELEGATED)


def begin(
    actor: Actor, email: str, roles: Collection[str], *, starts: dt.datetime, ends: dt.datetime, reason: str
) -> Delegation:
    """Let the colleague who signs in with *email* use *roles* of *actor* from *starts* to *ends*.

    Raises :class:`DirectoryError` with a sentence for whoever asked.
    """
    if not roles or not set(roles) <= {role.value for role in delegable(actor)}:
        raise DirectoryError("Choose at least one of your own roles.")
    if not clock.now() < ends or not starts < ends:
        raise DirectoryError("The end must lie in the future, and after the beginning.")
    if ends - starts > LONGEST:
        raise DirectoryError(f"Nobody stands in for longer than {LONGEST.days} days. Choose an earlier end.")
    stand_in = directory.find(email)
    if stand_in is None or not stand_in.active or not _colleagues(actor, stand_in, roles):
        raise DirectoryError("No colleague of yours with a role where yours hold signs in with that address.")
    if actor.id is None or actor.id == stand_in.id:
        raise DirectoryError("Choose somebody other than yourself.")
    made = Delegation(absent_id=actor.id, stand_in_id=stand_in.id, roles=sorted(roles), starts_at=starts, ends_at=ends)
    session().add(made)
    session().flush()
    _record(Event.DELEGATION_STARTED, made, actor, reason)
    return made


def end(delegation: Delegation, by: Actor) -> None:
    """End a delegation now, by either of the two; raises :class:`DirectoryError` for anybody else."""
    if by.id not in {delegation.absent_id, delegation.stand_in_id}:
        raise DirectoryError("Only the two people of a delegation end it.")
    if delegation.ended_at is None:
        delegation.ended_at = clock.now()
        sign_ins.end_delegated(delegation.id)
        _record(Event.DELEGATION_ENDED, delegation, by)


def is_live(delegation: Delegation) -> bool:
    """Tell whether the stand-in may use it at this moment."""
    return delegation.ended_at is None and delegation.starts_at <= clock.now() < delegation.ends_at


def of(person_id: uuid.UUID) -> list[Delegation]:
    """Return the delegations to and from a person that are not over, the next to end first."""
    query = sa.select(Delegation).where(
        sa.or_(Delegation.absent_id == person_id, Delegation.stand_in_id == person_id),
        Delegation.ended_at.is_(None),
        Delegation.ends_at > clock.now(),
    )
    return list(session().scalars(query.order_by(Delegation.ends_at)))


def _colleagues(actor: Actor, stand_in: Person, roles: Collection[str]) -> bool:
    """Tell whether *stand_in* has a role of their own wherever each of *roles* holds."""
    theirs = directory.actor_for(stand_in).grants
    places = {grant.organisation_id for grant in theirs if grant.role not in STAFF}
    staff = any(grant.role in STAFF for grant in theirs)
    handed = [grant for grant in actor.grants if grant.role.value in roles]
    return all(staff if grant.role in STAFF else grant.organisation_id in places for grant in handed)


def _record(event: Event, delegation: Delegation, by: Actor, reason: str | None = None) -> None:
    subject = {
        "delegation": str(delegation.id),
        "stand_in": str(delegation.stand_in_id),
        "roles": list(delegation.roles),
        "until": delegation.ends_at.isoformat(timespec="seconds"),
    }
    events.append(f"user/{delegation.absent_id}", event, by, subject=subject, reason=reason)
    session().flush()
