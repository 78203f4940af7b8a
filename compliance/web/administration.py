"""The start of administration: what waits, and every organisation."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length

from compliance.authz import Actor, Channel, Role
from compliance.engine.errors import NotAllowedError
from compliance.kernel import clock
from compliance.people import confirmations, directory, invitations, organisations
from compliance.people.models import Organisation
from compliance.web import keyset, rooms
from compliance.web.attempt import attempt
from compliance.web.people import complete_visitor

KINDS = {"client": "Client", "agency": "Agency"}
SET_UP = frozenset({Role.ADMINISTRATOR, Role.PROGRAM_SUCCESS_MANAGER})

blueprint = Blueprint("administration", __name__)


class NewOrganisation(Form):
    """What an organisation begins with."""

    name = StringField("Name", [InputRequired("Enter a name."), Length(max=directory.LONGEST_NAME)])
    kind = SelectField(
        "Kind", [InputRequired("Choose one.")], choices=[SelectChoice(key, label) for key, label in KINDS.items()]
    )
    calendar = SelectField(
        "Business calendar", [InputRequired("Choose one.")],
        choices=[SelectChoice(found.key, found.title) for found in clock.CALENDARS.values()],
        description="Deadlines count its working days.",
    )  # fmt: skip


@blueprint.get("/admin")
def overview() -> ResponseReturnValue:
    """Show an administrator what waits."""
    room = rooms.enter(None)
    return render_template(
        "people/overview.html",
        room=room,
        to_confirm=len(confirmations.waiting()),
        invited=len(invitations.waiting(None)),
    )


@blueprint.get("/admin/organisations")
def listing() -> ResponseReturnValue:
    """List every organisation, or those whose name holds what is sought."""
    actor = _setting_up()
    query, sought = sa.select(Organisation), keyset.sought()
    if sought:
        query = query.where(Organisation.name.icontains(sought, autoescape=True))
    rows, next_href = keyset.by_name(query, Organisation)
    return render_template(
        "people/organisations.html",
        room=rooms.enter(None) if actor.holds(Role.ADMINISTRATOR) else None,
        rows=rows,
        kinds=KINDS,
        calendars=clock.CALENDARS,
        sought=sought,
        next_href=next_href,
    )


@blueprint.route("/admin/organisations/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Make an organisation."""
    actor, made = _setting_up(), []

    def add(form: Any) -> None:  # noqa: ANN401 - the form above
        made.append(organisations.add(form.name.data, actor, kind=form.kind.data, calendar=form.calendar.data))

    tried = attempt(NewOrganisation, add)
    if tried.done:
        return redirect(url_for("organisations.show", organisation=made[0].id), 303)
    return render_template("people/organisation_new.html", tried=tried), tried.status


def navigation(reader: Actor | None) -> list[dict[str, Any]]:
    """Return the way to administration for those who have something to administer."""
    if reader is None:
        return []
    ways = (
        (Role.ADMINISTRATOR, "Administration", "administration.overview"),
        (Role.PROGRAM_SUCCESS_MANAGER, "Organisations", "administration.listing"),
        (Role.ACCOUNT_ADMIN, "Organisation", "organisations.index"),
    )
    return [
        {"label": label, "href": url_for(end), "current": request.path == url_for(end)}
        for role, label, end in ways
        if role in reader.roles
    ][:1]


def _setting_up() -> Actor:
    actor = complete_visitor().actor.through(Channel.BROWSER, ip=request.remote_addr)
    if not actor.roles & SET_UP:
        raise NotAllowedError("This page is for those who set organisations up.")
    return actor
