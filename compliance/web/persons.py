"""People as their administrators see them: who they are, which roles they hold, and whether their account is open."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue
from wtforms import Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length

from compliance.authz import Actor, Role
from compliance.engine import workers
from compliance.engine.errors import NotFoundError
from compliance.kernel.db import session as database
from compliance.kernel.ids import as_id
from compliance.people import accounts, confirmations, directory, organisations
from compliance.people.models import Organisation, Person, RoleGrant, Team
from compliance.web import inviting, keyset, rooms
from compliance.web.attempt import attempt
from compliance.web.rooms import NOTHING_THERE, Room

blueprint = Blueprint("persons", __name__)


class Why(Form):
    """Why something is done to somebody's account."""

    reason = StringField("Reason", [InputRequired("Enter a reason."), Length(max=500)])


@dataclass(frozen=True)
class Step:
    """Something that an administrator does to an account."""

    label: str
    lead: str
    do: Callable[[Person, Actor, str], None]


STEPS: Final = {
    "disable": Step(
        "Close the account",
        "Every sign-in, token and link ends at once. Roles and history stay, and you can open the account again.",
        accounts.disable,
    ),
    "enable": Step(
        "Open the account again",
        "The same password signs in again. Sign-ins and tokens that ended stay ended.",
        accounts.enable,
    ),
    "second-factor": Step(
        "Take the second factor away",
        "For somebody who lost it: be sure that it is they who ask. Whoever needs one sets it up at the next sign-in.",
        accounts.remove_second_factor,
    ),
}


@blueprint.get("/admin/people")
@blueprint.get("/organisation/<organisation>/people")
def listing(organisation: str | None = None) -> ResponseReturnValue:
    """List the people of the room, or those whose name or address holds what is sought."""
    room, sought = rooms.enter(organisation), keyset.sought()
    query = sa.select(Person)
    if room.organisation is not None:
        query = query.where(_holds_here(room.organisation).exists())
    if sought:
        found = (column.icontains(sought, autoescape=True) for column in (Person.name, Person.email))
        query = query.where(sa.or_(*found))
    people, next_href = keyset.by_name(query, Person)
    roles = _labels(people, room.organisation)
    return render_template(
        "people/people.html", room=room, people=people, roles=roles, sought=sought, next_href=next_href
    )


@blueprint.get("/admin/people/<person>")
@blueprint.get("/organisation/<organisation>/people/<person>")
def show(person: str, organisation: str | None = None) -> ResponseReturnValue:
    """Show somebody: the account, and the roles held in this room."""
    room = rooms.enter(organisation)
    found = _person(room, person)
    names = _names(accounts.roles_of(found))
    rows = [
        {
            "grant": grant,
            "label": Role(grant.role).label,
            "where": names.get(grant.team_id) or names.get(grant.organisation_id) or "The desk",
        }
        for grant in accounts.roles_of(found)
        if room.organisation is None or grant.organisation_id == room.organisation.id
    ]
    return render_template("people/person.html", room=room, person=found, rows=rows, steps=_offered(found))


@blueprint.route("/admin/people/<person>/give", methods=["GET", "POST"])
@blueprint.route("/organisation/<organisation>/people/<person>/give", methods=["GET", "POST"])
def give(person: str, organisation: str | None = None) -> ResponseReturnValue:
    """Give somebody a role of this room."""
    room = rooms.enter(organisation, fresh=True)
    found = _person(room, person)

    roles = [SelectChoice("", "Choose a role"), *(SelectChoice(role.value, role.label) for role in room.roles)]

    class Give(Why):
        role = SelectField("Role", [InputRequired("Choose a role.")], choices=roles)
        if room.organisation is not None:
            team = SelectField("Where", choices=inviting.team_choices(room))

    def do(form: Any) -> None:  # noqa: ANN401 - the form above
        team = organisations.team(room.organisation, form.team.data) if room.organisation else None
        role = Role(form.role.data)
        confirmations.give(found, role, room.actor, room.organisation, team, reason=form.reason.data)

    tried = attempt(Give, do)
    if tried.done:
        return redirect(room.href("persons.show", person=found.id), 303)
    return render_template("people/give.html", room=room, person=found, tried=tried), tried.status


@blueprint.route("/admin/people/<person>/end/<grant>", methods=["GET", "POST"])
@blueprint.route("/organisation/<organisation>/people/<person>/end/<grant>", methods=["GET", "POST"])
def end(person: str, grant: str, organisation: str | None = None) -> ResponseReturnValue:
    """End a role that somebody holds in this room."""
    room = rooms.enter(organisation, fresh=True)
    found = _person(room, person)
    ends = next((held for held in accounts.roles_of(found) if held.id == as_id(grant)), None)
    if ends is None or (room.organisation is not None and ends.organisation_id != room.organisation.id):
        raise NotFoundError(NOTHING_THERE)
    tried = attempt(Why, lambda form: directory.end_role(ends, room.actor, form.reason.data))
    if tried.done:
        stays = room.organisation is None or database().scalar(_here(room.organisation, found)) is not None
        return redirect(room.href("persons.show", person=found.id) if stays else room.href("persons.listing"), 303)
    label = Role(ends.role).label
    return render_template("people/end.html", room=room, person=found, label=label, tried=tried), tried.status


@blueprint.route("/admin/people/<person>/<step>", methods=["GET", "POST"])
@blueprint.route("/organisation/<organisation>/people/<person>/<step>", methods=["GET", "POST"])
def act(person: str, step: str, organisation: str | None = None) -> ResponseReturnValue:
    """Close an account or open it again, or take its second factor away."""
    room = rooms.enter(organisation, fresh=True)
    found, chosen = _person(room, person), STEPS.get(step)
    if chosen is None:
        raise NotFoundError(NOTHING_THERE)

    def do(form: Why) -> None:
        place = room.organisation
        elsewhere = workers.works_elsewhere(found.id, place.id if place else None)
        accounts.must_keep(room.actor, found, place, works_elsewhere=elsewhere)
        chosen.do(found, room.actor, str(form.reason.data))

    tried = attempt(Why, do)
    if tried.done:
        return redirect(room.href("persons.show", person=found.id), 303)
    return render_template("people/step.html", room=room, person=found, step=chosen, tried=tried), tried.status


def _person(room: Room, text: str) -> Person:
    person_id = as_id(text)
    found = database().get(Person, person_id) if person_id else None
    if found is None or (room.organisation and database().scalar(_here(room.organisation, found)) is None):
        raise NotFoundError(NOTHING_THERE)
    return found


def _holds_here(organisation: Organisation) -> sa.Select[Any]:
    return sa.select(RoleGrant.id).where(
        RoleGrant.person_id == Person.id, RoleGrant.organisation_id == organisation.id, RoleGrant.ended_at.is_(None)
    )


def _here(organisation: Organisation, person: Person) -> sa.Select[Any]:
    return sa.select(Person.id).where(Person.id == person.id, _holds_here(organisation).exists())


def _labels(people: list[Person], organisation: Organisation | None) -> dict[uuid.UUID, str]:
    """Return the roles of each of *people* in words, those held in *organisation* if one is given."""
    query = sa.select(RoleGrant.person_id, RoleGrant.role).where(
        RoleGrant.person_id.in_([person.id for person in people]), RoleGrant.ended_at.is_(None)
    )
    if organisation is not None:
        query = query.where(RoleGrant.organisation_id == organisation.id)
    held: dict[uuid.UUID, set[str]] = defaultdict(set)
    for person_id, role in database().execute(query):
        held[person_id].add(Role(role).label)
    return {person_id: ", ".join(sorted(labels)) for person_id, labels in held.items()}


def _names(grants: Iterable[RoleGrant]) -> dict[uuid.UUID | None, str]:
    """Return the names of the organisations and teams in which *grants* hold."""
    names: dict[uuid.UUID | None, str] = {}
    for model in (Organisation, Team):
        wanted = {grant.organisation_id if model is Organisation else grant.team_id for grant in grants} - {None}
        rows = database().execute(sa.select(model.id, model.name).where(model.id.in_(wanted)))
        names.update((row_id, name) for row_id, name in rows)
    return names


def _offered(person: Person) -> list[tuple[str, Step]]:
    names = ["disable" if person.active else "enable"] + ["second-factor"] * (person.totp_secret is not None)
    return [(name, STEPS[name]) for name in names]
