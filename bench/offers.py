"""People and offers for the benchmarks, made by real actions. What the process asks for stands here and only here."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from typing import Final

from bench.scratch import Scratch
from compliance.authz import SYSTEM_ACTOR, Actor, Role
from compliance.demo import interviews
from compliance.engine import run
from compliance.kernel.db import session
from compliance.people import directory, passwords

# Offers of one client to the same freelancer add up, and past the limit a second reviewer is due.
_freelancers: Final = itertools.count(1)

PASSWORD: Final = "seven tin boats go north"  # noqa: S105 - the password of people who exist for a minute
TERMS: Final = {
    "title": "Pricing engine",
    "freelancer": "Fay Kirk",
    "freelancer_country": "GB",
    "client_country": "GB",
    "work_place": "GB",
    "description": "Design and deliver a pricing engine with tests and handbook.",
    "deliverables": "Source code, tests and handbook, accepted by the pricing team.",
    "contract_type": "fixed",
    "amount": "12,500.00",
    "currency": "GBP",
    "hours_per_week": "20",
    "months_worked": "0",
}
APPROVAL: Final = {
    "behavioural_control": "Works by their own method, at hours of their own choosing.",
    "financial_control": "A fixed price at their own risk, with their own equipment.",
    "relationship_of_parties": "Three other clients, and a contract that ends by itself.",
    "conditions": "",
    "reason": "A business of its own by every factor.",
}


def terms() -> dict[str, str]:
    """Return the terms of an offer that begins in a month, to a freelancer of its own."""
    first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    return {
        **TERMS,
        "freelancer_email": f"fay{next(_freelancers)}@kirk.example",
        "starts_on": first.isoformat(),
        "ends_on": (first + dt.timedelta(days=120)).isoformat(),
    }


def people(role: Role, count: int, *, at: str | None = None) -> list[str]:
    """Add *count* people with *role* and a password, and return their addresses."""
    where = directory.organisation(at, SYSTEM_ACTOR) if at else None
    made = []
    for number in range(count):
        person = directory.add_person(f"{role.value}{number}@desk.example", f"{role.label} {number}", SYSTEM_ACTOR)
        person.password_hash = passwords.hashed(PASSWORD)
        directory.give_role(person, role, SYSTEM_ACTOR, where)
        made.append(person.email)
    session().commit()
    return made


def actor(email: str) -> Actor:
    """Return the person with that address as an actor."""
    person = directory.find(email)
    if person is None:
        raise LookupError(email)
    return directory.actor_for(person)


def submitted(scratch: Scratch, client: Actor, count: int) -> list[str]:
    """Open and submit *count* offers as *client*; return their references."""
    del scratch  # Asked for so that nobody makes offers outside an installation of their own.
    (grant,) = client.grants
    if grant.organisation_id is None:
        raise LookupError(client.name)
    made, answers = [], json.dumps(interviews.client_answers("Outside IR35"))
    for _ in range(count):
        opened = run.open_case("offer", client, terms(), organisation_id=grant.organisation_id)
        reference = opened.case.reference
        run.fire("offer", reference, "send_answers", client, {"answers": answers})
        run.fire("offer", reference, "submit", client)
        session().commit()
        made.append(reference)
    session().expunge_all()
    return made


def claimed(scratch: Scratch, client: Actor, reviewer: Actor, count: int) -> list[tuple[str, str]]:
    """Bring *count* offers to the point where *reviewer* decides; return reference and digest of each."""
    found = []
    for reference in submitted(scratch, client, count):
        case = run.fire("offer", reference, "claim", reviewer).case
        session().commit()
        found.append((reference, case.content_digest))
    session().expunge_all()
    return found


def passed_on(scratch: Scratch, client: Actor, reviewer: Actor, count: int) -> list[str]:
    """Bring *count* offers to their second review, which *reviewer* left to a senior; return their references."""
    made = [reference for reference, _digest in claimed(scratch, client, reviewer, count)]
    for reference in made:
        run.fire("offer", reference, "escalate", reviewer, {"reason": "The method is agreed with the client."})
        session().commit()
    session().expunge_all()
    return made
