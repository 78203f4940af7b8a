"""Playing a process: a full cast, organisations of every setting, and steps that are real actions or real waiting."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
import time_machine

from compliance.audit.models import AuditEvent
from compliance.authz import CLIENT, STAFF, SYSTEM_ACTOR, Actor, Allow, Grant, Role
from compliance.engine import documents, replaying, run, sweeping
from compliance.engine.case import Case, CaseDeadline, CaseDocument
from compliance.engine.questionnaire import answering_party, assess
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session, table
from compliance.kernel.ids import new_id
from compliance.people import organisations
from compliance.people.models import Organisation, Person, RoleGrant
from compliance.rules.model import Outcome
from tests import answers, papers
from tests.contract.determined import determined
from tests.contract.filling import (
    WORKER_EMAIL,
    Answers,
    Data,
    Determined,
    NextVersion,
    OwnDocument,
    OwnName,
    Placeholder,
    Someone,
    imagined,
    looked_up,
)

# What a client can choose of its programme, as far as it sends cases other ways.
WORLDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "signed by two": {"approval_steps": 2},
    "classifies for itself": {"compliance_enrolled": False},
}
WORKER = Someone("worker")
STRANGER = Someone("stranger")
# Who opens what no person opens.
ITSELF = Someone("system")


@dataclass(frozen=True)
class Open:
    """Opening a case."""

    who: Someone
    data: Data


@dataclass(frozen=True)
class Act:
    """An action by somebody."""

    action: str
    who: Someone
    data: Data


@dataclass(frozen=True)
class Wait:
    """Waiting until a deadline has passed."""

    what: str


Step = Open | Act | Wait


@dataclass(frozen=True)
class Path:
    """How a case is brought somewhere."""

    kind: str
    world: str
    steps: tuple[Step, ...]

    def then(self, step: Step) -> Path:
        return Path(self.kind, self.world, (*self.steps, step))


@dataclass
class Cast:
    """Two people of every role, a freelancer, and somebody who has nothing to do with anything."""

    worlds: dict[str, Organisation] = field(default_factory=dict)
    actors: dict[Someone, Actor] = field(default_factory=dict)

    def actor(self, who: Someone) -> Actor:
        return SYSTEM_ACTOR if who == ITSELF else self.actors[who]

    def person_id(self, who: Someone) -> str:
        return str(self.actors[who].id)

    def allowed(self, allow: Allow) -> Iterator[Someone]:
        """Yield everybody whom *allow* may mean, the roles that it names first."""
        for role in sorted(allow.roles):
            yield from (Someone(role.value, number) for number in (0, 1))
        if allow.worker:
            yield WORKER
        if allow.anybody:
            yield from self.actors


def assemble() -> Cast:
    """Bring everybody into the database."""
    cast, now = Cast(), clock.now()
    agency = Organisation(id=new_id(), name="Agency", kind="agency", created_at=now)
    cast.worlds = {
        name: Organisation(id=new_id(), name=name, kind="client", calendar="gb", created_at=now, **settings)
        for name, settings in WORLDS.items()
    }
    session().add_all([agency, *cast.worlds.values()])
    organisations.programme().calendar = "gb"
    people = [Someone(role.value, number) for role in Role for number in (0, 1)]
    for who in [*people, WORKER, STRANGER]:
        email = WORKER_EMAIL if who == WORKER else f"{who.role}{who.number}@example.com"
        person = Person(id=new_id(), email=email, name=f"{who.role} {who.number}", created_at=now)
        grants = _grants(who, [world.id for world in cast.worlds.values()], agency.id)
        session().add(person)
        cast.actors[who] = Actor(person.id, person.name, frozenset(grants))
    session().commit()
    given = [(actor.id, grant) for actor in cast.actors.values() for grant in actor.grants]
    session().add_all(
        RoleGrant(person_id=person_id, role=grant.role.value, organisation_id=grant.organisation_id, given_at=now)
        for person_id, grant in given
    )
    session().commit()
    return cast


def _grants(who: Someone, clients: list[Any], agency: Any) -> list[Grant]:  # noqa: ANN401 - ids
    if who in {WORKER, STRANGER}:
        return []
    role = Role(who.role)
    if role in CLIENT:
        return [Grant(role, client) for client in clients]
    return [Grant(role)] if role in STAFF or role is Role.FREELANCER else [Grant(role, agency)]


def replay_what_is_asked() -> None:
    """Do the replays that were asked for, as a worker would have by now."""
    for folder in sorted(replaying.shelf_of("").folder.glob("*")):
        if not replaying.is_finished(folder.name):
            session().commit()  # A replay reads in transactions of its own.
            replaying.run(replaying.shelf_of(folder.name), lambda *_: True)


class Play:
    """One case and its cast."""

    def __init__(self, cast: Cast, traveller: time_machine.Traveller) -> None:
        self.cast, self.traveller = cast, traveller
        self.kind = self.reference = self.world = ""

    def begin(self, path: Path) -> Case:
        """Take every step of *path* with a new case, and with nothing left of the one before that could weigh in."""
        self.kind, self.world = path.kind, path.world
        session().rollback()
        session().execute(sa.text("DELETE FROM cases WHERE sample"))
        session().commit()
        for step in path.steps:
            if isinstance(step, Wait):
                session().commit()
            self.step(step)
            replay_what_is_asked()
        session().commit()
        return self.case

    @property
    def case(self) -> Case:
        session().expire_all()
        return run.find(self.kind, self.reference, SYSTEM_ACTOR)

    def step(self, step: Step) -> run.Outcome | None:
        """Take one step; the caller commits it or takes it back."""
        if isinstance(step, Wait):
            self.wait(step.what)
            return None
        who = self.cast.actor(step.who)
        if isinstance(step, Open):
            at = self.cast.worlds[self.world].id
            data = looked_up(step.data, self.cast.person_id, self.elsewhere)
            outcome = run.open_case(self.kind, who, data, organisation_id=at, sample=True)
            self.reference = outcome.case.reference
            return outcome
        with ExitStack() as files:
            data = looked_up(step.data, self.cast.person_id, lambda thing: self.real(thing, who, files))
            seen = session().scalar(sa.select(Case.content_digest).where(Case.reference == self.reference))
            return run.fire(self.kind, self.reference, step.action, who, data, seen=seen)

    def elsewhere(self, thing: Placeholder) -> Any:  # noqa: ANN401 - as below
        """Return what *thing* stands for before there is a case."""
        if isinstance(thing, Determined):
            client, reviewer, senior = (Someone(role, 1) for role in ("hiring_manager", "reviewer", "senior_reviewer"))
            at = self.cast.worlds["plain"].id
            found = determined(self.cast.actor(client), self.cast.actor(reviewer), self.cast.actor(senior), at)
            self.forget_other_cases()
            return found
        return imagined(thing)

    def real(self, thing: Placeholder, who: Actor, files: ExitStack) -> Any:  # noqa: ANN401 - whatever its field takes
        """Return what *thing* stands for on this case when *who* acts; where there is none, something of its form."""
        if isinstance(thing, Answers):
            return self.answers(who, thing.outcome) or imagined(thing)
        if isinstance(thing, OwnDocument):
            return self.own_document(who) or imagined(thing)
        if isinstance(thing, OwnName):
            return who.name
        if isinstance(thing, NextVersion):
            return imagined(thing)
        return files.enter_context(documents.examined("paper.txt", io.BytesIO(papers.TEXT)))

    def answers(self, who: Actor, outcome: Outcome) -> str | None:
        """Return complete answers of *who* that lead to *outcome*, by the rules of the case."""
        case = self.case
        workflow = registry().process(self.kind, case.definition).workflow
        party, rules = answering_party(case, who, workflow), assess(session(), case, workflow).rules
        if party is None or rules is None or workflow.questionnaire is None:
            return None
        return json.dumps(answers.leading_to(rules, workflow.questionnaire.known(party, rules), outcome))

    def findings(self, case: Case) -> frozenset[tuple[str, str]]:
        """Return what the rules make of the answers of each party to *case*."""
        workflow = registry().process(self.kind, case.definition).workflow
        sheets = assess(session(), case, workflow).sheets
        return frozenset((sheet.party.value, sheet.finding.outcome if sheet.finding else "") for sheet in sheets)

    def own_document(self, who: Actor) -> str | None:
        """Return the newest document that the side of *who* added and nobody took back."""
        case = self.case
        standing = sa.select(CaseDocument.id).where(
            CaseDocument.case_id == case.id,
            CaseDocument.withdrawn_at.is_(None),
            CaseDocument.party == documents.party_of(who, case),
        )
        found = session().scalar(standing.order_by(CaseDocument.id.desc()).limit(1))
        return str(found) if found else None

    def words_after(self, rev: int) -> list[str]:
        """Return the words that the record holds of the case after *rev*, without its kind."""
        query = sa.select(AuditEvent.action).where(AuditEvent.stream == self.case.stream, AuditEvent.rev > rev)
        return [word.partition(".")[2] for word in session().scalars(query.order_by(AuditEvent.rev))]

    def open_deadlines(self) -> list[CaseDeadline]:
        """Return the deadlines of the case that are still to come, the next one first."""
        query = sa.select(CaseDeadline).where(CaseDeadline.settled_at.is_(None), CaseDeadline.case_id == self.case.id)
        return list(session().scalars(query.order_by(CaseDeadline.due_at, CaseDeadline.what)))

    def wait(self, what: str) -> None:
        """Let the time pass until *what* is due, and let everything happen that is due by then."""
        due = next(deadline.due_at for deadline in self.open_deadlines() if deadline.what == what)
        self.traveller.move_to(max(due, clock.now()), tick=False)
        while sweeping.sweep():
            pass

    def forget_other_cases(self) -> None:
        """Settle all deadlines, so that those of earlier tries do not fire in this one."""
        session().execute(sa.update(table(CaseDeadline)).values(settled_at=clock.now()))
        session().commit()
