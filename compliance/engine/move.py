"""One attempt to do something to a case: what guards look at and effects write with."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.audit.models import AuditEvent
from compliance.audit.sealed import Sealed
from compliance.authz import Actor, Role
from compliance.engine.errors import RefusedError
from compliance.engine.questionnaire import Assessment, assess
from compliance.kernel.db import direct, table
from compliance.kernel.ids import as_id
from compliance.people import directory, invitations, lookup
from compliance.people.directory import DirectoryError
from compliance.people.models import Organisation, Person

if TYPE_CHECKING:
    from compliance.engine.definition import Workflow

Found = TypeVar("Found")

_EVENT = table(AuditEvent).c
_ACTS: Final = sa.select(_EVENT.action, _EVENT.rev, _EVENT.actor_id, _EVENT.stands_for_id).where(
    _EVENT.stream == sa.bindparam("stream")
)
_PERSON: Final = sa.select(table(Person).c.id).where(table(Person).c.email == sa.bindparam("email"))


@dataclass
class Move:
    """An attempt. ``facts`` is ``None`` while the engine only asks whether an action could be offered.

    Attempts that are made together share whom they have ``known``. ``documents`` are party and digest of what lay
    before everybody when the digest of the content was taken. ``done`` names the action that this attempt has carried
    out, which the record does not hold yet; ``turned`` says that the turn passed to somebody else by it, and
    ``determined`` is the determination that it made, in short; ``determination`` is its id, ``outcome`` what it found.
    """

    workflow: Workflow
    case: Any  # The process's own model; each process knows which.
    actor: Actor
    at: dt.datetime
    session: Session
    facts: Mapping[str, Any] | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    known: dict[str, uuid.UUID | None] = field(default_factory=dict)
    documents: tuple[tuple[str, str], ...] = ()
    done: str = ""
    turned: bool = False
    determined: str = ""
    determination: uuid.UUID | None = None
    outcome: str = ""
    _answers: dict[Callable[[Move], Any], Any] = field(default_factory=dict, init=False, repr=False)

    def once(self, question: Callable[[Move], Found]) -> Found:
        """Return what *question* finds for this attempt; it is asked once, however many guards want to know."""
        if question not in self._answers:
            self._answers[question] = question(self)
        found: Found = self._answers[question]
        return found

    def fact(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - whatever the form's field holds
        """Return what the form gave for *name*."""
        return default if self.facts is None else self.facts.get(name, default)

    def before(self, name: str) -> Any:  # noqa: ANN401 - whatever the column holds
        """Return what *name* said before this attempt; ``None`` where the case is being opened."""
        if name not in self.changes:
            return getattr(self.case, name)
        found = self.changes[name][0]
        return found.value if isinstance(found, Sealed) else found

    @cached_property
    def organisation(self) -> Organisation:
        """The client whose case it is."""
        return self.session.get_one(Organisation, self.case.organisation_id)

    @cached_property
    def assessment(self) -> Assessment:
        """What the questionnaire says of the case, as its answers stood before this attempt."""
        return assess(self.session, self.case, self.workflow)

    def person_with(self, email: str) -> uuid.UUID | None:
        """Return who signs in with *email*, or ``None`` when nobody does; each address is looked up once."""
        address = email.strip().lower()
        if address not in self.known:
            self.known[address] = direct(self.session, _PERSON, {"email": address}).scalar()
        return self.known[address]

    def people_with(self, *roles: Role) -> frozenset[uuid.UUID]:
        """Return who holds one of *roles* where this case belongs."""
        found = directory.people_with(roles, self.case.organisation_id, self.case.team_id)
        return frozenset(person.id for person in found)

    def agency_called(self, name: str | None) -> uuid.UUID | None:
        """Return the agency called *name*, or ``None`` where there is none."""
        return lookup.agency_called(name.strip()) if name and name.strip() else None

    def invite_person(self, email: str, name: str) -> uuid.UUID | None:
        """Return who works under *email*; a stranger is invited to an account, once, and counts from now on.

        Whom a sample case invites is of the sample too. Raises :class:`RefusedError` for what is no address.
        """
        try:
            return invitations.invite_worker(email, name, self.actor, sample=self.case.sample).id
        except DirectoryError as refused:
            raise RefusedError(str(refused)) from refused

    @cached_property
    def acts(self) -> tuple[tuple[str, int, frozenset[uuid.UUID]], ...]:
        """What was done to this case so far, from the record: action, revision, and persons, stand-ins included."""
        rows = direct(self.session, _ACTS, {"stream": self.case.stream})
        return tuple(
            (action.partition(".")[2], rev, frozenset(found for text in people if (found := as_id(text))))
            for action, rev, *people in rows
        )

    def did(self, *actions: str) -> frozenset[uuid.UUID]:
        """Return everyone who has ever done one of *actions* to this case."""
        return frozenset().union(*(people for action, _, people in self.acts if action in actions))

    def did_here(self, *actions: str) -> frozenset[uuid.UUID]:
        """Return everyone who has done one of *actions* since the case last came into its state."""
        return frozenset().union(*(people for action, people in self._acts_here() if action in actions))

    def did_within(self, span: dt.timedelta, *actions: str) -> bool:
        """Tell whether one of *actions* was done within the last *span*, since the case last came into its state."""
        done = sa.select(sa.func.max(_EVENT.at)).where(
            _EVENT.stream == self.case.stream,
            _EVENT.action.in_([f"{self.case.kind}.{action}" for action in actions]),
            _EVENT.rev > self.case.entered_rev,
        )
        newest = self.session.scalar(done)
        return newest is not None and self.at - newest <= span

    def times_here(self, action: str) -> int:
        """Return how often *action* was done since the case last came into its state."""
        return sum(done == action for done, _ in self._acts_here())

    def keep_sealed(self, name: str, text: str) -> None:
        """Keep in the record what a person typed and no column holds; sealed, so that it can be erased."""
        self.changes[name] = [None, Sealed(text)]

    def _acts_here(self) -> Iterator[tuple[str, frozenset[uuid.UUID]]]:
        yield from ((action, people) for action, rev, people in self.acts if rev > self.case.entered_rev)
        if self.done:
            yield self.done, self.actor.identities
