"""One organisation: its settings and its teams."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, Form, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length, NumberRange

from compliance.authz import Role
from compliance.engine.errors import NotAllowedError, NotFoundError
from compliance.kernel import clock
from compliance.kernel.db import session as database
from compliance.people import directory, organisations
from compliance.people.directory import DirectoryError
from compliance.people.models import Organisation, Team
from compliance.web import inviting, rooms
from compliance.web.attempt import attempt
from compliance.web.people import complete_visitor
from compliance.web.rooms import NOTHING_THERE, Room

blueprint = Blueprint("organisations", __name__)


class OwnSettings(Form):
    """What an organisation settles for itself."""

    calendar = SelectField(
        "Business calendar", [InputRequired("Choose one.")],
        choices=[SelectChoice(found.key, found.title) for found in clock.CALENDARS.values()],
        description="Deadlines count its working days.",
    )  # fmt: skip
    approval_steps = IntegerField(
        "Approvals before an offer reaches the desk",
        [InputRequired("Enter a number."), NumberRange(0, organisations.MOST_STEPS, "Enter 0, 1 or 2.")],
    )
    po_required = BooleanField("An offer needs a purchase order")
    auto_close = BooleanField(
        "An engagement ends by itself when its last day is over",
        description="Otherwise it stays open until one of you ends it. Both sides hear of the end ten days before.",
    )
    reason = StringField("Why it changes", [InputRequired("Enter a reason."), Length(max=500)])


class Settings(OwnSettings):
    """All settings, for those who set organisations up."""

    name = StringField("Name", [InputRequired("Enter a name."), Length(max=directory.LONGEST_NAME)])
    compliance_enrolled = BooleanField(
        "Enrolled for compliance review", description="The desk then determines how each engagement is classified."
    )


class NewTeam(Form):
    """A team, and where it lies."""

    name = StringField("Name of the team", [InputRequired("Enter a name."), Length(max=directory.LONGEST_NAME)])


class TeamSettings(Form):
    """What can change about a team."""

    name = StringField("Name of the team", [InputRequired("Enter a name."), Length(max=directory.LONGEST_NAME)])
    hidden = BooleanField("Hidden", description="It is offered nowhere any more; what belongs to it stays.")


@blueprint.get("/organisation")
def index() -> ResponseReturnValue:
    """Lead an account's administrator to their organisation."""
    actor = complete_visitor().actor
    if actor.roles & {Role.ADMINISTRATOR, Role.PROGRAM_SUCCESS_MANAGER}:
        return redirect(url_for("administration.listing"))
    own = [g.organisation_id for g in actor.grants if g.role is Role.ACCOUNT_ADMIN and g.team_ids is None]
    if not own:
        raise NotAllowedError("This page is for an organisation's administrators.")
    if len(own) == 1:
        return redirect(url_for("organisations.show", organisation=own[0]))
    found = sorted((database().get_one(Organisation, place) for place in own), key=lambda row: (row.name, row.id))
    return render_template("people/organisations_own.html", rows=found)


@blueprint.route("/organisation/<organisation>", methods=["GET", "POST"])
def show(organisation: str) -> ResponseReturnValue:
    """Show and change an organisation's settings, as far as they are the reader's to change."""
    room, found = _enter(organisation, everyone=True)
    whole = bool(room.actor.roles & {Role.ADMINISTRATOR, Role.PROGRAM_SUCCESS_MANAGER})
    fields = organisations.SETTINGS if whole else organisations.OWN_SETTINGS

    def change(form: Any) -> None:  # noqa: ANN401 - one of the forms above
        values = {field: form[field].data for field in sorted(fields)}
        organisations.change(found, room.actor, values, form.reason.data)

    tried = attempt(Settings if whole else OwnSettings, change, **{field: getattr(found, field) for field in fields})
    if tried.done:
        return redirect(room.href("organisations.show"), 303)
    return render_template("people/organisation.html", room=room, tried=tried, whole=whole), tried.status


@blueprint.route("/organisation/<organisation>/teams", methods=["GET", "POST"])
def teams(organisation: str) -> ResponseReturnValue:
    """Show the tree of teams, and add one."""
    room, found = _enter(organisation)

    class New(NewTeam):
        team = SelectField("Part of", choices=inviting.team_choices(room))

    def add(form: Any) -> None:  # noqa: ANN401 - the form above
        organisations.add_team(found, room.actor, form.name.data, organisations.team(found, form.team.data))

    tried = attempt(New, add)
    if tried.done:
        return redirect(room.href("organisations.teams"), 303)
    tree = _nested(organisations.tree(found.id))
    return render_template("people/teams.html", room=room, tried=tried, tree=tree), tried.status


@blueprint.route("/organisation/<organisation>/teams/<team>", methods=["GET", "POST"])
def team(organisation: str, team: str) -> ResponseReturnValue:
    """Rename a team, hide it, or show it again."""
    room, place = _enter(organisation)
    try:
        found = organisations.team(place, team)
    except DirectoryError:
        found = None
    if found is None:
        raise NotFoundError(NOTHING_THERE)

    def change(form: Any) -> None:  # noqa: ANN401 - the form above
        organisations.change_team(found, room.actor, name=form.name.data, hidden=form.hidden.data)

    tried = attempt(TeamSettings, change, name=found.name, hidden=found.hidden)
    if tried.done:
        return redirect(room.href("organisations.teams"), 303)
    return render_template("people/team.html", room=room, tried=tried, team=found), tried.status


def _enter(organisation: str, *, everyone: bool = False) -> tuple[Room, Organisation]:
    room = rooms.enter(organisation, roles=rooms.HELPERS if everyone else rooms.KEEPERS)
    if room.organisation is None:
        raise NotFoundError(NOTHING_THERE)
    return room, room.organisation


def _nested(rows: list[tuple[Team, str, int]]) -> list[dict[str, Any]]:
    """Return the flat tree as teams that hold the teams below them."""
    top: list[dict[str, Any]] = []
    path = [top]
    for found, _, depth in rows:
        del path[depth:]
        item: dict[str, Any] = {"team": found, "below": []}
        path[-1].append(item)
        path.append(item["below"])
    return top
