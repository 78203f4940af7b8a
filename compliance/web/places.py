"""Where somebody may open a case: an organisation, or one of its teams."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from compliance.authz import Actor
from compliance.engine.definition import Workflow
from compliance.engine.errors import NotFoundError
from compliance.kernel.db import session
from compliance.people.models import Organisation, Team
from compliance.people.organisations import PROGRAMME


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case can be opened."""

    key: str
    label: str
    organisation_id: uuid.UUID
    team_id: uuid.UUID | None


def open_to(who: Actor, workflow: Workflow) -> list[Place]:
    """Return every place where *who* may open *workflow*, by name."""
    if workflow.of_programme:
        may = workflow.may_open.permits_in(who, PROGRAMME, None)
        return [Place(f"{PROGRAMME}:", "The programme", PROGRAMME, None)] if may else []
    found = []
    for organisation_id, team_id in workflow.may_open.places(who):
        name = session().get_one(Organisation, organisation_id).name
        team = session().get_one(Team, team_id).name if team_id else None
        found.append(
            Place(f"{organisation_id}:{team_id or ''}", f"{name}, {team}" if team else name, organisation_id, team_id)
        )
    return sorted(found, key=lambda place: place.label)


def chosen(offered: list[Place], key: str | None) -> Place:
    """Return the one of *offered* called *key*, the first without one; raises :class:`NotFoundError`."""
    wanted = key or offered[0].key
    place = next((place for place in offered if place.key == wanted), None)
    if place is None:
        raise NotFoundError("Choose one of the places listed.")
    return place
