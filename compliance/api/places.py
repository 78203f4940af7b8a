"""Where a case is to be opened: what the request names, or the only place where its sender may."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from compliance.authz import Actor
from compliance.engine.definition import Workflow
from compliance.engine.errors import InvalidInputError, NotAllowedError
from compliance.kernel.db import session
from compliance.people.models import Organisation, Team
from compliance.people.organisations import PROGRAMME

Place = tuple[uuid.UUID, uuid.UUID | None]


def choose(workflow: Workflow, who: Actor, organisation: object, team: object) -> Place:
    """Return the organisation and team that the members of a body name.

    Raises :class:`InvalidInputError` where they name nothing, or leave open which of several is meant, and
    :class:`NotAllowedError` where *who* may not open *workflow* at all.
    """
    organisation_id, team_id = _id("organisation", organisation), _id("team", team)
    if workflow.of_programme:
        return _programme(workflow, who, organisation_id, team_id)
    if organisation_id is None:
        return _only_place(workflow, who, team_id)
    if team_id is None:
        team_id = _only_team(workflow, who, organisation_id)
    # Permission first: a stranger learns nothing about which organisations there are.
    if not workflow.may_open.permits_in(who, organisation_id, team_id):
        raise NotAllowedError(f"To open this there you need the role {workflow.may_open}.")
    _refuse_unknown(organisation_id, team_id)
    return organisation_id, team_id


def _programme(workflow: Workflow, who: Actor, organisation_id: uuid.UUID | None, team_id: uuid.UUID | None) -> Place:
    if not workflow.may_open.permits_in(who, PROGRAMME, None):
        raise NotAllowedError(f"To open this you need the role {workflow.may_open}.")
    if organisation_id not in {None, PROGRAMME} or team_id is not None:
        raise InvalidInputError(
            {"organisation": ["This is the programme's own and belongs to no client: leave it out."]}
        )
    return PROGRAMME, None


def _only_place(workflow: Workflow, who: Actor, team_id: uuid.UUID | None) -> Place:
    if not any(grant.role in workflow.may_open.roles for grant in who.grants):
        raise NotAllowedError(f"To open this you need the role {workflow.may_open}.")
    places = {place for place in workflow.may_open.places(who) if team_id in {None, place[1]}}
    if len(places) != 1:
        raise InvalidInputError({"organisation": ["Name the organisation, and the team where it has to be one."]})
    return places.pop()


def _only_team(workflow: Workflow, who: Actor, organisation_id: uuid.UUID) -> uuid.UUID | None:
    """Return the team when *who* may open in exactly one of that organisation, and not in the whole of it."""
    teams = {team for place, team in workflow.may_open.places(who) if place == organisation_id}
    return teams.pop() if len(teams) == 1 else None


def _refuse_unknown(organisation_id: uuid.UUID, team_id: uuid.UUID | None) -> None:
    if session().get(Organisation, organisation_id) is None:
        raise InvalidInputError({"organisation": ["There is no such organisation."]})
    if team_id is None:
        return
    found = sa.select(Team.id).where(Team.id == team_id, Team.organisation_id == organisation_id)
    if session().scalar(found) is None:
        raise InvalidInputError({"team": ["There is no such team in this organisation."]})


def _id(member: str, given: Any) -> uuid.UUID | None:  # noqa: ANN401 - any JSON value
    if given is None:
        return None
    try:
        found = uuid.UUID(given) if isinstance(given, str) and len(given) == len(str(uuid.UUID(int=0))) else None
    except ValueError:
        found = None
    if found is None:
        raise InvalidInputError({member: ["Give its id: a UUID, as text."]})
    return found
