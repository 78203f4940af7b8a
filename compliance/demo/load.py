"""Loading the sample and taking it away again.

What the sample holds stands in ``data/sample.json``: people with their roles, and cases as the steps that bring each to
where it stands. Every step is a real action by a real person, so the sample cannot show what the product would refuse.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import STAFF, SYSTEM_ACTOR, Actor, Channel, Role
from compliance.demo import interviews, series
from compliance.engine import run
from compliance.engine.case import Case
from compliance.kernel import clock
from compliance.kernel.db import session, table
from compliance.people import directory, passwords
from compliance.people.models import Organisation, Person, RoleGrant

DATA: Final = Path(__file__).parent / "data" / "sample.json"


def load() -> list[tuple[str, str, str]]:
    """Load the sample unless it is there; return e-mail address, role and password of each sample person."""
    sample: dict[str, Any] = json.loads(DATA.read_text())
    people = {person["key"]: person for person in sample["people"]}
    if directory.find(sample["people"][0]["email"]) is None:
        for organisation in sample["organisations"]:
            _settle(organisation)
        actors = {key: _person(person, sample["password"]) for key, person in people.items()}
        for number, case in enumerate(sample["cases"]):
            _case(case, sample["terms"], actors, number)
        more = series.load(actors, {key: person["email"] for key, person in people.items()})
        events.append("config", Event.SAMPLE_LOADED, _by(), subject={"cases": len(sample["cases"]) + more})
        session().commit()
    return [(person["email"], _role(person), sample["password"]) for person in sample["people"]]


def remove() -> int:
    """Take the sample cases away, end the sample people's roles and close their accounts; return how many cases went.

    The record of what they did stays, as every record does.
    """
    active, now = session(), clock.now()
    removed = active.scalar(sa.select(sa.func.count()).select_from(Case).where(Case.sample)) or 0
    # The database itself lets only sample cases go; the session would refuse any bulk change of cases.
    active.execute(sa.text("DELETE FROM cases WHERE sample"))
    people = sa.select(Person.id).where(Person.sample)
    active.execute(sa.update(table(Person)).where(Person.sample).values(active=False))
    ending = sa.update(table(RoleGrant)).where(RoleGrant.person_id.in_(people), RoleGrant.ended_at.is_(None))
    active.execute(ending.values(ended_at=now))
    events.append("config", Event.SAMPLE_REMOVED, _by(), subject={"cases": removed})
    active.commit()
    return removed


def _person(described: dict[str, Any], password: str) -> Actor:
    person = directory.add_person(described["email"], described["name"], _by())
    person.password_hash, person.sample = passwords.hashed(password), True
    role = Role(described["role"]) if described["role"] else None
    where = _organisation(described["organisation"]) if role and role not in STAFF else None
    if role:
        directory.give_role(person, role, _by(), where)
    session().commit()
    return directory.actor_for(person).through(Channel.COMMAND)


def _role(described: dict[str, Any]) -> str:
    return Role(described["role"]).label if described["role"] else "Freelancer"


def _settle(described: dict[str, Any]) -> None:
    """Make an organisation with its settings."""
    made = _organisation(described["name"])
    for name, value in described.items():
        setattr(made, name, value)
    session().commit()


def _organisation(name: str) -> Organisation:
    made = directory.organisation(name, _by())
    made.sample = True
    return made


def _case(described: dict[str, Any], terms: dict[str, str], actors: dict[str, Actor], number: int) -> None:
    client = actors[described["client"]]
    start = clock.now().date() + dt.timedelta(days=21 + number)
    given = {
        **terms,
        "starts_on": start.isoformat(),
        "ends_on": (start + dt.timedelta(days=120)).isoformat(),
        **described["terms"],
    }
    (grant,) = client.grants
    if grant.organisation_id is None:
        raise ValueError(f"{client.name} belongs to no organisation")
    reference = run.open_case(
        described["kind"], client, given, organisation_id=grant.organisation_id, sample=True
    ).case.reference
    session().commit()
    for who, action, data in described["steps"]:
        case = run.find(described["kind"], reference, actors[who])
        run.fire(described["kind"], reference, action, actors[who], _given(data), seen=case.content_digest)
        session().commit()


def _given(data: dict[str, Any]) -> dict[str, Any]:
    """Return what a step sends; “interview” stands for the complete answers of one side that lead to its result."""
    if "interview" not in data:
        return data
    side, result = data["interview"]
    answers = interviews.client_answers(result) if side == "client" else interviews.freelancer_answers(result)
    return {"answers": json.dumps(answers)}


def _by() -> Actor:
    return SYSTEM_ACTOR.through(Channel.COMMAND)
