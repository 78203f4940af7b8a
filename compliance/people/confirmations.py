"""Two administrators for the roles that weigh most: one proposes, another confirms or refuses.

The other is an administrator of the same organisation, or of the programme where the organisation has no second one.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import Actor, Role
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.kernel.ids import new_id
from compliance.people import directory
from compliance.people.directory import DirectoryError
from compliance.people.models import Organisation, Person, RoleGrant, RoleProposal, Team

MOST_SHOWN = 100


def give(
    person: Person,
    role: Role,
    by: Actor,
    organisation: Organisation | None = None,
    team: Team | None = None,
    *,
    reason: str = "",
) -> RoleGrant | RoleProposal:
    """Give the role, or propose it where a second administrator must agree; raises :class:`DirectoryError`."""
    if organisation is None or by.id is None or not directory.needs_second(role, by, organisation, person):
        return directory.give_role(person, role, by, organisation, team, reason=reason)
    directory.must_give(role, by, organisation)
    directory.check_place(role, organisation, team)
    if person.id in by.identities:
        raise DirectoryError("Nobody proposes themselves. Ask another administrator.")
    if directory.holds(person.id, role, organisation.id, None):
        raise DirectoryError(f"{person.name} holds the role {role.label} there already.")
    if is_waiting(person.id, role, organisation.id):
        raise DirectoryError(f"The role {role.label} waits for its confirmation already.")
    made = RoleProposal(
        id=new_id(),
        person_id=person.id,
        role=role.value,
        organisation_id=organisation.id,
        proposed_by_id=by.id,
        proposed_at=clock.now(),
    )
    session().add(made)
    _record(Event.ROLE_PROPOSED, made, by, reason)
    return made


def confirm(proposal: RoleProposal, by: Actor) -> RoleGrant:
    """Give what *proposal* asks for; raises :class:`DirectoryError` for whoever may not, and for one settled before."""
    person = session().get_one(Person, proposal.person_id)
    organisation = session().get_one(Organisation, proposal.organisation_id)
    _settle(proposal, by)
    if proposal.proposed_by_id in by.identities:
        raise DirectoryError("A second administrator confirms: somebody other than whoever proposed it.")
    return directory.give_role(person, Role(proposal.role), by, organisation, proposal=proposal)


def refuse(proposal: RoleProposal, by: Actor) -> None:
    """Settle *proposal* without giving anything; whoever proposed it may take it back. Raises like :func:`confirm`."""
    _settle(proposal, by)
    _record(Event.ROLE_REFUSED, proposal, by)


def find(proposal_id: uuid.UUID | None) -> RoleProposal | None:
    """Return the proposal of that id while it waits, locked."""
    query = sa.select(RoleProposal).where(RoleProposal.id == proposal_id, RoleProposal.settled_at.is_(None))
    return session().scalar(query.with_for_update().execution_options(populate_existing=True))


def waiting(organisation_id: uuid.UUID | None = None) -> list[tuple[RoleProposal, str, str, str]]:
    """Return what waits, oldest first, with the names of the person, of who proposed it, and of the organisation."""
    proposer = aliased(Person)
    query = (
        sa.select(RoleProposal, Person.name, proposer.name, Organisation.name)
        .join(Person, Person.id == RoleProposal.person_id)
        .join(proposer, proposer.id == RoleProposal.proposed_by_id)
        .join(Organisation, Organisation.id == RoleProposal.organisation_id)
        .where(RoleProposal.settled_at.is_(None))
        .order_by(RoleProposal.proposed_at, RoleProposal.id)
        .limit(MOST_SHOWN)
    )
    if organisation_id is not None:
        query = query.where(RoleProposal.organisation_id == organisation_id)
    return [(row[0], row[1], row[2], row[3]) for row in session().execute(query)]


def _settle(proposal: RoleProposal, by: Actor) -> None:
    directory.must_administer(by, proposal.organisation_id)
    if proposal.settled_at is not None:
        raise DirectoryError("That was settled already.")
    if proposal.person_id in by.identities:
        raise DirectoryError("Nobody settles what is proposed for themselves. Ask another administrator.")
    proposal.settled_at = clock.now()


def is_waiting(person_id: uuid.UUID, role: Role, organisation_id: uuid.UUID | None) -> bool:
    """Tell whether the role waits there for its confirmation."""
    same = sa.select(RoleProposal.id).where(
        RoleProposal.person_id == person_id,
        RoleProposal.role == role.value,
        RoleProposal.organisation_id == organisation_id,
        RoleProposal.settled_at.is_(None),
    )
    return session().scalar(same) is not None


def _record(event: Event, proposal: RoleProposal, by: Actor, reason: str = "") -> None:
    events.append(
        f"user/{proposal.person_id}",
        event,
        by,
        organisation_id=proposal.organisation_id,
        subject={"role": proposal.role, "proposal": str(proposal.id)},
        reason=reason or None,
    )
    session().flush()
