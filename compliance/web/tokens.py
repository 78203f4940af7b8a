"""One's own API tokens."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from compliance.authz import Actor, Channel
from compliance.engine.errors import NotFoundError
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session as database
from compliance.people import session, tokens
from compliance.people.directory import DirectoryError
from compliance.people.models import ApiToken
from compliance.web.people import complete_visitor, must_be_fresh, tabs

blueprint = Blueprint("tokens", __name__)


class NewToken(Form):
    """What the token is for, what it may do, and for how long."""

    name = StringField(
        "Name", [InputRequired("Enter a name."), Length(max=tokens.NAME_LENGTH)],
        description="The program that will use it, so that you know later which one to revoke.",
    )  # fmt: skip
    scopes = SelectMultipleField(
        "What it may do", [InputRequired("Choose at least one.")],
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip
    days = SelectField(
        "How long it works",
        choices=[SelectChoice("30", "30 days"), SelectChoice("90", "90 days"), SelectChoice("365", "A year")],
        default="90",
    )
    addresses = TextAreaField(
        "Where it is used from", [Length(max=1000)],
        description="Addresses or networks such as 192.0.2.0/24, one a line. Left empty, it works from everywhere.",
    )  # fmt: skip


@blueprint.route("/account/tokens", methods=["GET", "POST"])
def own() -> ResponseReturnValue:
    """List one's tokens and make one; its secret stands on the page that answers, and nowhere afterwards."""
    visitor = complete_visitor()
    form = _form(request.form if request.method == "POST" else None)
    if request.method == "GET":
        return _page(visitor, form)
    must_be_fresh(visitor)
    if not form.validate():
        return _page(visitor, form), 422
    lives = dt.timedelta(days=int(form.days.data))
    try:
        networks = (form.addresses.data or "").split()
        _, secret = tokens.make(_actor(visitor), str(form.name.data), form.scopes.data or [], lives, networks)
    except DirectoryError as refused:
        return _page(visitor, form, refusal=str(refused)), 422
    return _page(visitor, _form(None), secret=secret)


@blueprint.post("/account/tokens/revoke")
def revoke() -> ResponseReturnValue:
    """End one of one's tokens."""
    visitor = complete_visitor()
    try:
        found = database().get(ApiToken, uuid.UUID(request.form.get("which", "")))
    except ValueError:
        found = None
    if found is None or found.person_id != visitor.person.id:
        raise NotFoundError("There is nothing here that you can see.")
    tokens.revoke(found, _actor(visitor))
    return redirect(url_for("tokens.own"), 303)


def _form(sent: MultiDict[str, str] | None) -> NewToken:
    """Return the form with a scope to read and one to change the cases of every process."""
    form = NewToken(sent)
    form.scopes.choices = [
        SelectChoice(f"{workflow.plural}:{verb}", f"{words} {workflow.plural.replace('-', ' ')}")
        for workflow in registry()
        for verb, words in (("read", "Read"), ("write", "Open and move"))
    ]
    return form


def _page(visitor: session.Visitor, form: NewToken, *, secret: str | None = None, refusal: str | None = None) -> str:
    return render_template(
        "people/tokens.html",
        form=None if visitor.actor.stands_for else form,
        rows=tokens.kept(visitor.person.id),
        now=clock.now(),
        secret=secret,
        refusal=refusal,
        tabs=tabs(visitor.actor),
    )


def _actor(visitor: session.Visitor) -> Actor:
    return visitor.actor.through(Channel.BROWSER, ip=request.remote_addr)
