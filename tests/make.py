"""People and cases for the tests, made the way the product makes them."""

from __future__ import annotations

from compliance.authz import Actor, Grant, Role
from compliance.engine import run
from compliance.engine.case import Case
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import Organisation, Person, RoleGrant


def organisation(name: str = "Acme", **settings: object) -> Organisation:
    made = Organisation(name=name, kind="client", created_at=clock.now(), **settings)
    session().add(made)
    session().commit()
    return made


def actor(name: str, *roles: Role, at: Organisation | None = None) -> Actor:
    person = Person(email=f"{name.lower()}@example.com", name=name, created_at=clock.now())
    session().add(person)
    session().flush()
    for role in roles:
        session().add(
            RoleGrant(person_id=person.id, role=role.value, organisation_id=at.id if at else None, given_at=clock.now())
        )
    session().commit()
    return Actor(person.id, name, frozenset(Grant(role, at.id if at else None) for role in roles))


def submitted_permit(client: Actor, at: Organisation, size: int = 5) -> Case:
    opened = run.open_case("permit", client, {"title": "Crane", "size": str(size)}, organisation_id=at.id)
    session().commit()
    outcome = run.fire("permit", opened.case.reference, "submit", client)
    session().commit()
    return outcome.case
