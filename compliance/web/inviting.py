"""Inviting people, and confirming what raises somebody: for a client's administrators and for the programme's."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import Form, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from compliance.authz import Role
from compliance.engine.errors import NotFoundError, RefusedError
from compliance.kernel import clock
from compliance.kernel.db import session as database
from compliance.kernel.ids import as_id
from compliance.people import confirmations, directory, invitations, organisations
from compliance.people.directory import DirectoryError
from compliance.people.models import Invitation, RoleProposal, Team
from compliance.web import rooms
from compliance.web.attempt import attempt
from compliance.web.rooms import NOTHING_THERE, Room

blueprint = Blueprint("inviting", __name__)


@blueprint.route("/admin/invite", methods=["GET", "POST"])
@blueprint.route("/organisation/<organisation>/invite", methods=["GET", "POST"])
def invite(organisation: str | None = None) -> ResponseReturnValue:
    """Invite somebody to roles of this room."""
    room = rooms.enter(organisation, roles=rooms.HELPERS, fresh=True)

    def send(form: Any) -> None:  # noqa: ANN401 - made for this room
        invitations.send(
            form.email.data,
            form.name.data,
            room.actor,
            roles=[Role(role) for role in form.roles.data],
            organisation=room.organisation,
            team=organisations.team(room.organisation, form.team.data) if room.organisation else None,
        )

    tried = attempt(_form(room), send)
    if tried.done:
        return redirect(room.href("inviting.listing"), 303)
    return render_template("people/invite.html", room=room, tried=tried), tried.status


@blueprint.route("/admin/invitations", methods=["GET", "POST"])
@blueprint.route("/organisation/<organisation>/invitations", methods=["GET", "POST"])
def listing(organisation: str | None = None) -> ResponseReturnValue:
    """List the invitations that nobody has accepted yet; send one again or revoke it."""
    room = rooms.enter(organisation, roles=rooms.HELPERS, fresh=request.method == "POST")
    waiting = invitations.waiting(room.organisation.id if room.organisation else None)
    if request.method == "POST":
        _settle_invitation(room, waiting)
        return redirect(room.href("inviting.listing"), 303)
    rows = [_told(invitation) for invitation in waiting]
    return render_template("people/invitations_sent.html", room=room, rows=rows)


@blueprint.route("/admin/confirmations", methods=["GET", "POST"])
@blueprint.route("/organisation/<organisation>/confirmations", methods=["GET", "POST"])
def confirming(organisation: str | None = None) -> ResponseReturnValue:
    """List the roles that wait for a second administrator; confirm or refuse one."""
    room = rooms.enter(organisation, fresh=request.method == "POST")
    here = room.organisation.id if room.organisation else None
    if request.method == "POST":
        _settle_proposal(room, confirmations.find(as_id(request.form.get("confirm") or request.form.get("refuse"))))
        return redirect(room.href("inviting.confirming"), 303)
    rows = [
        {"row": row, "role": Role(row.role).label, "person": person, "by": proposer, "organisation": where}
        for row, person, proposer, where in confirmations.waiting(here)
    ]
    return render_template("people/confirmations.html", room=room, rows=rows)


def _form(room: Room) -> type[Form]:
    """Return the form with the roles and teams of *room*."""

    class Invite(Form):
        email = StringField("E-mail address", [InputRequired("Enter an address."), Length(max=254)])
        name = StringField("Name", [InputRequired("Enter a name."), Length(max=directory.LONGEST_NAME)])
        roles = SelectMultipleField(
            "Roles", [InputRequired("Choose at least one role.")],
            choices=[SelectChoice(role.value, role.label) for role in room.roles],
            widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
        )  # fmt: skip
        if room.organisation is not None:
            team = SelectField("Team", choices=team_choices(room))

    return Invite


def team_choices(room: Room) -> list[SelectChoice]:
    """Return the teams of *room* that are not hidden, each with the teams above it, after the whole organisation."""
    teams = organisations.tree(room.organisation.id) if room.organisation else []
    whole = SelectChoice("", "The whole organisation")
    return [whole, *(SelectChoice(str(team.id), path) for team, path, _ in teams if not team.hidden)]


def _settle_invitation(room: Room, waiting: list[Invitation]) -> None:
    again = as_id(request.form.get("again"))
    chosen = again or as_id(request.form.get("revoke"))
    found = next((invitation for invitation in waiting if invitation.id == chosen), None)
    if found is None:
        raise NotFoundError(NOTHING_THERE)
    settle = invitations.send_again if again else invitations.revoke
    try:
        settle(found, room.actor)
    except DirectoryError as refused:
        raise RefusedError(str(refused)) from refused


def _settle_proposal(room: Room, found: RoleProposal | None) -> None:
    if found is None or (room.organisation is not None and found.organisation_id != room.organisation.id):
        raise NotFoundError(NOTHING_THERE)
    settle = confirmations.confirm if request.form.get("confirm") else confirmations.refuse
    try:
        settle(found, room.actor)
    except DirectoryError as refused:
        raise RefusedError(str(refused)) from refused


def _told(invitation: Invitation) -> dict[str, Any]:
    team = database().get(Team, invitation.team_id) if invitation.team_id else None
    return {
        "row": invitation,
        "roles": ", ".join(Role(role).label for role in invitation.roles),
        "team": team.name if team else None,
        "over": invitation.expires_at <= clock.now(),
    }
