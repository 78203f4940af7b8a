"""One's own sign-ins, stand-ins and conflicts of interest."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import DateField, Form, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from compliance.audit.vocabulary import Event
from compliance.authz import Actor, Channel
from compliance.engine.errors import NotFoundError
from compliance.kernel import clock
from compliance.kernel.db import session as database
from compliance.people import conflicts, delegation, session, sign_ins
from compliance.people.directory import DirectoryError
from compliance.people.models import Delegation, Person, SignInSession
from compliance.web.people import complete_visitor, must_be_fresh, note, tabs

NOTHING_THERE = "There is nothing here that you can see."

blueprint = Blueprint("account", __name__)


class StandIn(Form):
    """Who stands in, in which roles, from when to when, and why."""

    email = StringField("E-mail address of your stand-in", [InputRequired("Enter an address."), Length(max=254)])
    roles = SelectMultipleField(
        "Roles they may use", [InputRequired("Choose at least one role.")],
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip
    starts_on = DateField("First day", [InputRequired("Enter the first day, such as 2026-03-02.")])
    ends_on = DateField("Last day", [InputRequired("Enter the last day, such as 2026-03-13.")])
    reason = StringField("Reason", [InputRequired("Enter a reason, such as “on leave”."), Length(max=200)])


class Declare(Form):
    """With whom, and what the conflict is."""

    whom = StringField(
        "Organisation or person", [InputRequired("Name the organisation or the person."), Length(max=254)],
        description="The name of the organisation as the desk writes it, or the e-mail address of the person.",
    )  # fmt: skip
    reason = TextAreaField("What connects you", [InputRequired("Say what connects you."), Length(max=1000)])


@blueprint.get("/account/sessions")
def sessions() -> ResponseReturnValue:
    """List the browsers in which one is signed in."""
    visitor = complete_visitor()
    rows = sign_ins.open_of(visitor.person.id)
    oldest = clock.now() - session.ABSOLUTE
    live = [row for row in rows if row.began_at > oldest]
    return render_template("people/sessions.html", rows=live, here=visitor.sign_in.id, tabs=tabs(visitor.actor))


@blueprint.post("/account/sessions")
def end_sessions() -> ResponseReturnValue:
    """End one sign-in, or all but this one."""
    visitor = complete_visitor()
    if request.form.get("which") == "others":
        sign_ins.end_all(visitor.person.id, but=visitor.sign_in.id)
        note(visitor.person, Event.SESSION_ENDED, {"which": "all others"})
    else:
        found = database().get(SignInSession, _chosen("which"))
        if found is None or found.person_id != visitor.person.id or found.ended_at is not None:
            raise NotFoundError(NOTHING_THERE)
        found.ended_at = clock.now()
        note(visitor.person, Event.SESSION_ENDED, {"which": str(found.id)})
    return redirect(url_for("account.sessions"), 303)


@blueprint.route("/account/absence", methods=["GET", "POST"])
def absence() -> ResponseReturnValue:
    """Show who stands in for whom, and let somebody stand in for oneself."""
    visitor = complete_visitor()
    form = StandIn(request.form if request.method == "POST" else None)
    form.roles.choices = [(role.value, role.label) for role in delegation.delegable(visitor.actor)]
    refusal = None
    if request.method == "POST":
        must_be_fresh(visitor)
        if form.validate():
            refusal = _begin_absence(_actor(visitor), form)
            if refusal is None:
                return redirect(url_for("account.absence"), 303)
    page = render_template(
        "people/absence.html",
        form=form if form.roles.choices else None,
        refusal=refusal,
        given=_told(visitor.person.id, given=True),
        received=_told(visitor.person.id, given=False),
        using=visitor.sign_in.delegation_id,
        tabs=tabs(visitor.actor),
    )
    return page, 422 if form.errors or refusal else 200


@blueprint.post("/account/absence/end")
def end_absence() -> ResponseReturnValue:
    """End a delegation, by either of its two people."""
    visitor = complete_visitor()
    delegation.end(_delegation_of(visitor), _actor(visitor))
    return redirect(url_for("account.absence"), 303)


@blueprint.post("/account/stand-in")
def stand_in() -> ResponseReturnValue:
    """Go on with the rights of somebody absent, or with one's own again."""
    visitor = complete_visitor()
    if request.form.get("which") == "myself":
        session.stand_in(visitor, None)
        return redirect(url_for("account.absence"), 303)
    chosen = _delegation_of(visitor)
    if chosen.stand_in_id != visitor.person.id or not delegation.is_live(chosen):
        raise NotFoundError(NOTHING_THERE)
    session.stand_in(visitor, chosen)
    return redirect("/", 303)


@blueprint.route("/account/conflicts", methods=["GET", "POST"])
def own_conflicts() -> ResponseReturnValue:
    """Show and declare one's conflicts of interest."""
    visitor = complete_visitor()
    form, refusal = Declare(request.form if request.method == "POST" else None), None
    if request.method == "POST" and form.validate():
        try:
            conflicts.declare(_actor(visitor), str(form.whom.data), str(form.reason.data))
        except DirectoryError as refused:
            refusal = str(refused)
        else:
            return redirect(url_for("account.own_conflicts"), 303)
    page = render_template(
        "people/conflicts.html",
        form=form if visitor.actor.is_staff else None,
        refusal=refusal,
        rows=conflicts.of(visitor.person.id),
        tabs=tabs(visitor.actor),
    )
    return page, 422 if form.errors or refusal else 200


def _begin_absence(actor: Actor, form: StandIn) -> str | None:
    starts, ends = form.starts_on.data, form.ends_on.data
    if starts is None or ends is None:
        return "Enter both days."
    try:
        delegation.begin(
            actor,
            str(form.email.data),
            list(form.roles.data or []),
            starts=max(_midnight(starts), clock.now()),
            ends=_midnight(ends + dt.timedelta(days=1)),
            reason=str(form.reason.data),
        )
    except (DirectoryError, OverflowError) as refused:
        return str(refused)
    return None


def _told(person_id: uuid.UUID, *, given: bool) -> list[dict[str, Any]]:
    """Return the delegations to or from a person as the page shows them."""
    told = []
    for found in delegation.of(person_id):
        if (found.absent_id == person_id) is given:
            other = database().get_one(Person, found.stand_in_id if given else found.absent_id)
            told.append({"row": found, "other": other.name, "live": delegation.is_live(found)})
    return told


def _delegation_of(visitor: session.Visitor) -> Delegation:
    found = database().get(Delegation, _chosen("which"))
    if found is None or visitor.person.id not in {found.absent_id, found.stand_in_id}:
        raise NotFoundError(NOTHING_THERE)
    return found


def _chosen(name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get(name, ""))
    except ValueError:
        raise NotFoundError(NOTHING_THERE) from None


def _actor(visitor: session.Visitor) -> Actor:
    return visitor.actor.through(Channel.BROWSER, ip=request.remote_addr)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), ZoneInfo("UTC"))
