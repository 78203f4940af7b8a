"""One attempt to do something to a case: what guards look at and effects write with."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.audit.models import AuditEvent
from compliance.authz import Actor
from compliance.kernel.ids import as_id
from compliance.people.models import Organisation, Person

if TYPE_CHECKING:
    from compliance.engine.definition import Workflow


@dataclass
class Move:
    """An attempt. ``facts`` is ``None`` while the engine only asks whether an action could be offered.

    Attempts that are made together share a ``batch``, the name of what they belong to, and whom they have ``known``.
    """

    workflow: Workflow
    case: Any  # The process's own model; each process knows which.
    actor: Actor
    at: dt.datetime
    session: Session
    facts: Mapping[str, Any] | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    batch: uuid.UUID | None = None
    known: dict[str, uuid.UUID | None] = field(default_factory=dict)

    def fact(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - whatever the form's field holds
        """Return what the form gave for *name*."""
        return default if self.facts is None else self.facts.get(name, default)

    @cached_property
    def organisation(self) -> Organisation:
        """The client whose case it is."""
        return self.session.get_one(Organisation, self.case.organisation_id)

    def person_with(self, email: str) -> uuid.UUID | None:
        """Return who signs in with *email*, or ``None`` when nobody does; each address is looked up once."""
        address = email.strip().lower()
        if address not in self.known:
            self.known[address] = self.session.scalar(sa.select(Person.id).where(Person.email == address))
        return self.known[address]

    @cached_property
    def acts(self) -> tuple[tuple[str, int, frozenset[uuid.UUID]], ...]:
        """What was done to this case so far, from the record: action, revision, and persons, stand-ins included."""
        rows = self.session.execute(
            sa.select(AuditEvent.action, AuditEvent.rev, AuditEvent.actor_id, AuditEvent.stands_for_id).where(
                AuditEvent.stream == self.case.stream
            )
        )
        return tuple(
            (action.partition(".")[2], rev, frozenset(found for text in people if (found := as_id(text))))
            for action, rev, *people in rows
        )

    def did(self, *actions: str) -> frozenset[uuid.UUID]:
        """Return everyone who has ever done one of *actions* to this case."""
        return frozenset().union(*(people for action, _, people in self.acts if action in actions))

    def did_here(self, *actions: str) -> frozenset[uuid.UUID]:
        """Return everyone who has done one of *actions* since the case last came into its state."""
        entered = self.case.entered_rev
        return frozenset().union(*(people for action, rev, people in self.acts if action in actions and rev > entered))

    def times_here(self, action: str) -> int:
        """Return how often *action* was done since the case last came into its state."""
        return sum(done == action and rev > self.case.entered_rev for done, rev, _ in self.acts)
