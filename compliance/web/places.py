"""Where somebody can open a case."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from compliance.authz import Actor
from compliance.engine.definition import Workflow
from compliance.kernel.db import session
from compliance.people.models import Organisation, Team


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case can be opened: an organisation, or one of its teams."""

    key: str
    label: str
    organisation_id: uuid.UUID
    team_id: uuid.UUID | None


def of(who: Actor, workflow: Workflow) -> list[Place]:
    """Return where *who* may open a case of *workflow*, by name."""
    found = []
    for organisation_id, team_id in workflow.may_open.places(who):
        name = session().get_one(Organisation, organisation_id).name
        team = session().get_one(Team, team_id).name if team_id else None
        found.append(
            Place(f"{organisation_id}:{team_id or ''}", f"{name}, {team}" if team else name, organisation_id, team_id)
        )
    return sorted(found, key=lambda place: place.label)
