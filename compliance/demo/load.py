"""Loading the sample.

What the sample holds stands in ``data/sample.json``: people with their roles, and cases as the steps that bring each to
where it stands. Every step is a real action by a real person, so the sample cannot show what the product would refuse.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from flask import current_app

from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import STAFF, SYSTEM_ACTOR, Actor, Channel, Role
from compliance.demo import interviews, second_looks, series
from compliance.engine import documents, run
from compliance.engine.case import Case
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people import accounts, directory, passwords
from compliance.people.models import Organisation, Person
from compliance.people.organisations import PROGRAMME

DATA: Final = Path(__file__).parent / "data" / "sample.json"
PAPERS: Final = DATA.parent / "papers"
ELSEWHERE: Final = "Load it into a database of its own: set COMPLIANCE_DATA_DIR or COMPLIANCE_DATABASE_URL."
IN_PRODUCTION: Final = (
    "This installation serves real people (COMPLIANCE_ENV is production), and the sample's people, whose password is "
    f"published, would see their cases. {ELSEWHERE}"
)
BESIDE: Final = (
    "The sample's people, whose password is published, would see their cases. "
    f"{ELSEWHERE} To load it here all the same, say --anyway."
)


class SampleRefusedError(RuntimeError):
    """The sample must not be loaded here; the message says why, and what to do instead."""


def load(*, anyway: bool = False) -> list[tuple[str, str, str]]:
    """Load the sample unless it is there; return e-mail address, role and password of each sample person.

    Raises :class:`SampleRefusedError` in production, and beside people or organisations that are no sample unless this
    is wanted *anyway*.
    """
    sample: dict[str, Any] = json.loads(DATA.read_text())
    people = {person["key"]: person for person in sample["people"]}
    if current_app.config["SETTINGS"].production:
        raise SampleRefusedError(IN_PRODUCTION)
    if not _is_there(sample):
        _refuse_beside_others(sample, anyway=anyway)
        for organisation in sample["organisations"]:
            _settle(organisation)
        actors = {key: _person(person, sample["password"]) for key, person in people.items()}
        for number, case in enumerate(sample["cases"]):
            _case(case, sample["terms"], actors, number)
        more = series.load(actors, {key: person["email"] for key, person in people.items()})
        more += second_looks.load(actors)
        events.append("config", Event.SAMPLE_LOADED, _by(), subject={"cases": len(sample["cases"]) + more})
        session().commit()
    return [(person["email"], _role(person), sample["password"]) for person in sample["people"]]


def _is_there(sample: dict[str, Any]) -> bool:
    """Tell whether the sample was loaded and not taken away since."""
    first = directory.find(sample["people"][0]["email"])
    return first is not None and first.sample and first.active


def _refuse_beside_others(sample: dict[str, Any], *, anyway: bool) -> None:
    """Refuse names that somebody real has, whatever is wanted, and else whoever is no sample."""
    people, names = (
        {one[key] for one in sample[kind]} for kind, key in (("people", "email"), ("organisations", "name"))
    )
    somebody = sa.select(Person.email).where(Person.sample.is_(False))
    something = sa.select(Organisation.name).where(Organisation.sample.is_(False), Organisation.id != PROGRAMME)
    for real, column, taken in ((somebody, Person.email, people), (something, Organisation.name, names)):
        if found := session().scalar(real.where(column.in_(taken)).limit(1)):
            raise SampleRefusedError(
                f"“{found}” is no sample here, and the sample has one of the same name. {ELSEWHERE}"
            )
        if not anyway and session().scalar(real.limit(1)) is not None:
            raise SampleRefusedError(f"This database holds people or organisations that are no sample. {BESIDE}")


def _person(described: dict[str, Any], password: str) -> Actor:
    person = directory.find(described["email"])
    if person is None:
        person = directory.add_person(described["email"], described["name"], _by())
    elif not person.active:
        accounts.enable(person, _by(), "The sample is loaded again.")
    person.password_hash, person.sample = passwords.hashed(password), True
    person.totp_secret, person.recovery_hashes = None, []
    role = Role(described["role"]) if described["role"] else None
    where = _organisation(described["organisation"]) if role and role not in STAFF else None
    if role and not directory.holds(person.id, role, where.id if where else None, None):
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
        with _papers(data) as sent:
            given = _given(case, actors[who], sent)
            run.fire(described["kind"], reference, action, actors[who], given, seen=case.content_digest)
            session().commit()


@contextmanager
def _papers(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the block what a step sends: “paper” names a file of the sample that is brought as anybody's file is."""
    name, days = data.get("paper"), data.get("valid_days")
    if name is None:
        yield data
        return
    sent = {key: value for key, value in data.items() if key not in {"paper", "valid_days"}}
    if days:
        sent["expires_on"] = (clock.now().date() + dt.timedelta(days=days)).isoformat()
    with (PAPERS / name).open("rb") as stream, documents.examined(name, stream) as file:
        yield {**sent, "file": file}


def _given(case: Case, actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    """Return what a step sends.

    “interview” stands for the complete answers of one side that lead to its result, “facts” for what is known besides.
    """
    if not {"interview", "facts"} & data.keys():
        return data
    answers = dict(data.get("facts", {}))
    if "interview" in data:
        side, result = data["interview"]
        answers |= interviews.client_answers(result) if side == "client" else interviews.freelancer_answers(result)
    return {"answers": interviews.fitting(case, actor, answers)}


def _by() -> Actor:
    return SYSTEM_ACTOR.through(Channel.COMMAND)
