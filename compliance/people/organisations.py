"""What administrators change about organisations, and the teams that organisations are made of."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any, Final

import sqlalchemy as sa

from compliance.audit import events
from compliance.audit.sealed import Sealed
from compliance.audit.vocabulary import Event
from compliance.authz import SYSTEM_ACTOR, Actor, Role
from compliance.kernel import clock
from compliance.kernel.db import one_at_a_time, session
from compliance.kernel.ids import as_id, new_id
from compliance.people import directory
from compliance.people.directory import DirectoryError
from compliance.people.models import Organisation, Team

# What a client settles for itself; its name and its enrolment stand in its contract with the programme.
OWN_SETTINGS: Final = frozenset({"calendar", "approval_steps", "po_required", "auto_close"})
SETTINGS: Final = OWN_SETTINGS | {"name", "compliance_enrolled"}
PROGRAMME: Final = uuid.UUID(int=1)
OF_PROGRAMME: Final = "programme"
MOST_TEAMS: Final = 500
DEEPEST: Final = 8
MOST_STEPS: Final = 2


def add(name: str, by: Actor, *, kind: str, calendar: str) -> Organisation:
    """Make an organisation; raises :class:`DirectoryError`."""
    _must_set_up(by, None)
    return directory.add_organisation(_free_name(name), by, kind=kind, calendar=calendar)


def programme() -> Organisation:
    """Return the programme itself, to which cases of no client belong; it is there from its first case on."""
    found = session().get(Organisation, PROGRAMME)
    if found is None:
        one_at_a_time(b"the programme")
        found = session().get(Organisation, PROGRAMME) or directory.add_organisation(
            "The programme", SYSTEM_ACTOR, kind=OF_PROGRAMME, made_id=PROGRAMME
        )
    return found


def change(organisation: Organisation, by: Actor, values: dict[str, Any], reason: str) -> None:
    """Change what *values* names of the settings; the record keeps old and new.

    Raises :class:`DirectoryError` for settings that are not for *by*, and for values that cannot be.
    """
    _must_set_up(by, organisation, values.keys())
    session().refresh(organisation, with_for_update=True)
    if "name" in values:
        values = {**values, "name": _free_name(values["name"], but=organisation)}
    if values.get("calendar", organisation.calendar) not in clock.CALENDARS:
        raise DirectoryError("Choose one of the calendars listed.")
    if not 0 <= values.get("approval_steps", 0) <= MOST_STEPS:
        raise DirectoryError(f"An offer passes at most {MOST_STEPS} approvals.")
    changes: dict[str, list[Any]] = {}
    for field, new in values.items():
        old = getattr(organisation, field)
        if old != new:
            changes[field] = [Sealed(old), Sealed(new)] if field == "name" else [old, new]
            setattr(organisation, field, new)
    if not changes:
        raise DirectoryError("Nothing is different from what it was.")
    _record(Event.ORGANISATION_CHANGED, organisation.id, by, changes=changes, reason=reason)


def add_team(organisation: Organisation, by: Actor, name: str, parent: Team | None) -> Team:
    """Make a team, under *parent* or at the top; raises :class:`DirectoryError`."""
    directory.must_administer(by, organisation.id)
    called = _free_team_name(organisation.id, parent.id if parent else None, name)
    here = tree(organisation.id)
    if len(here) >= MOST_TEAMS:
        raise DirectoryError(f"An organisation has at most {MOST_TEAMS} teams.")
    if parent is not None and next(depth for team, _, depth in here if team.id == parent.id) >= DEEPEST:
        raise DirectoryError(f"Teams lie at most {DEEPEST} deep. Choose a team nearer to the top.")
    made = Team(
        id=new_id(), organisation_id=organisation.id, parent_id=parent.id if parent else None, name=called, hidden=False
    )
    session().add(made)
    subject = {"team": str(made.id), **({"parent": str(parent.id)} if parent else {})}
    _record(Event.TEAM_CREATED, organisation.id, by, subject=subject, changes={"name": [None, Sealed(called)]})
    return made


def change_team(team: Team, by: Actor, *, name: str, hidden: bool) -> None:
    """Rename a team, hide it from every choice, or show it again; raises :class:`DirectoryError`."""
    directory.must_administer(by, team.organisation_id)
    changes: dict[str, list[Any]] = {}
    called = directory.clean(name)
    if called != team.name:
        called = _free_team_name(team.organisation_id, team.parent_id, name)
        changes["name"] = [Sealed(team.name), Sealed(called)]
    if hidden != team.hidden:
        changes["hidden"] = [team.hidden, hidden]
    if not changes:
        raise DirectoryError("Nothing is different from what it was.")
    team.name, team.hidden = called, hidden
    _record(Event.TEAM_CHANGED, team.organisation_id, by, subject={"team": str(team.id)}, changes=changes)


def team(organisation: Organisation, text: str | None) -> Team | None:
    """Return the team of that id, or ``None`` for no id; raises :class:`DirectoryError` for a team of others."""
    if not text:
        return None
    found = session().get(Team, team_id) if (team_id := as_id(text)) else None
    if found is None or found.organisation_id != organisation.id:
        raise DirectoryError("Choose one of the teams listed.")
    return found


def tree(organisation_id: uuid.UUID) -> list[tuple[Team, str, int]]:
    """Return the teams in the order of the tree, each with its name below those above it, and how deep it lies."""
    below: dict[uuid.UUID | None, list[Team]] = defaultdict(list)
    query = sa.select(Team).where(Team.organisation_id == organisation_id).order_by(Team.name, Team.id)
    for found in session().scalars(query):
        below[found.parent_id].append(found)
    told: list[tuple[Team, str, int]] = []

    def walk(parent: uuid.UUID | None, above: str, depth: int) -> None:
        for child in below[parent]:
            path = f"{above} / {child.name}" if above else child.name
            told.append((child, path, depth))
            walk(child.id, path, depth + 1)

    walk(None, "", 1)
    return told


def _must_set_up(by: Actor, organisation: Organisation | None, fields: Any = SETTINGS) -> None:  # noqa: ANN401 - any set
    if by.type == "system" or by.roles & {Role.ADMINISTRATOR, Role.PROGRAM_SUCCESS_MANAGER}:
        return
    if organisation is None or not set(fields) <= OWN_SETTINGS:
        raise DirectoryError("The programme's administrators settle that. Ask them to change it.")
    directory.must_administer(by, organisation.id)


def _free_name(name: str, but: Organisation | None = None) -> str:
    called = directory.called(name)
    one_at_a_time(b"organisation names")
    same = sa.select(Organisation.id).where(sa.func.lower(Organisation.name) == called.lower())
    if but is not None:
        same = same.where(Organisation.id != but.id)
    if session().scalar(same.limit(1)) is not None:
        raise DirectoryError(f"There is an organisation called “{called}” already.")
    return called


def _free_team_name(organisation_id: uuid.UUID, parent_id: uuid.UUID | None, name: str) -> str:
    called = directory.called(name)
    one_at_a_time(f"teams:{organisation_id}".encode())
    same = sa.select(Team.id).where(
        Team.organisation_id == organisation_id,
        Team.parent_id.is_not_distinct_from(parent_id),
        sa.func.lower(Team.name) == called.lower(),
    )
    if session().scalar(same.limit(1)) is not None:
        raise DirectoryError(f"There is a team called “{called}” at that place already.")
    return called


def _record(
    event: Event,
    organisation_id: uuid.UUID,
    by: Actor,
    *,
    changes: dict[str, Any],
    subject: dict[str, str] | None = None,
    reason: str = "",
) -> None:
    events.append(
        "config", event, by, organisation_id=organisation_id, subject=subject, changes=changes, reason=reason or None
    )
    session().flush()
