"""Coming in by an invitation: strangers through the mailed link, people with an account from their own pages."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from compliance.audit.vocabulary import Event
from compliance.authz import Channel, Role
from compliance.engine.errors import NotFoundError
from compliance.kernel.db import session as database
from compliance.kernel.ids import as_id
from compliance.people import directory, invitations, passwords, session
from compliance.people.directory import DirectoryError
from compliance.people.models import Invitation, Organisation, Person
from compliance.web import secret_links
from compliance.web.people import MAX_TEXT, complete_visitor, must_be_fresh, note, tabs

blueprint = Blueprint("joining", __name__)


class Join(Form):
    """What we do not know of somebody invited."""

    name = StringField("Your name", [InputRequired("Enter your name."), Length(max=directory.LONGEST_NAME)])
    password = PasswordField(
        "Choose a password", [InputRequired("Choose a password."), Length(max=MAX_TEXT)],
        description=f"At least {passwords.MIN_ALONE} characters, of any kind. A short sentence is easy to remember.",
    )  # fmt: skip


@blueprint.route("/invite/<token>", methods=["GET", "POST"])
def join(token: str) -> ResponseReturnValue:
    """Show an invitation to whoever holds its link, and make the account of a stranger."""
    secret_links.refuse_guessers()
    invitation = invitations.find(token, lock=request.method == "POST")
    if invitation is None:
        return secret_links.gone()
    if invitations.account_of(invitation) is not None:
        return secret_links.hidden(_page(invitation, None))
    form, refusal = Join(request.form if request.method == "POST" else None, name=invitation.name), None
    if request.method == "POST" and form.validate():
        try:
            person = invitations.join(invitation, str(form.name.data), str(form.password.data), request.remote_addr)
        except (DirectoryError, passwords.PasswordError) as refused:
            refusal = str(refused)
        else:
            return _sign_in(person)
    return secret_links.hidden(_page(invitation, form, refusal)), 422 if form.errors or refusal else 200


@blueprint.route("/account/invitations", methods=["GET", "POST"])
def own() -> ResponseReturnValue:
    """Show what one is invited to, and accept it."""
    visitor = complete_visitor()
    if request.method == "POST":
        must_be_fresh(visitor)
        found = invitations.find_own(visitor.person, as_id(request.form.get("which")))
        if found is None:
            raise NotFoundError("There is nothing here that you can see.")
        actor = visitor.actor.through(Channel.BROWSER, ip=request.remote_addr)
        invitations.accept(found, visitor.person, actor)
        return _go_on(visitor)
    rows = [_told(found, name) for found, name in invitations.to(visitor.person)]
    return render_template("people/invitations.html", rows=rows, tabs=tabs(visitor.actor))


def _sign_in(person: Person) -> ResponseReturnValue:
    session.begin(person, second_factor=False)
    if not session.needs_second_factor(person, directory.actor_for(person)):
        session.know_device(person)
    note(person, Event.PERSON_SIGNED_IN)
    return redirect(url_for("people.code"), 303)


def _go_on(visitor: session.Visitor) -> ResponseReturnValue:
    """Begin a new sign-in in place of the one that the change of rights has ended."""
    proved = visitor.sign_in.proved_at
    made = session.begin(visitor.person, second_factor=visitor.sign_in.second_factor_at is not None)
    made.proved_at = proved
    return redirect(url_for("people.code", next=url_for("joining.own")), 303)


def _page(invitation: Invitation, form: Join | None, refusal: str | None = None) -> str:
    organisation = database().get(Organisation, invitation.organisation_id) if invitation.organisation_id else None
    return render_template(
        "people/join.html",
        form=form,
        refusal=refusal,
        email=invitation.email,
        told=_told(invitation, organisation.name if organisation else None),
    )


def _told(invitation: Invitation, organisation: str | None) -> dict[str, object]:
    """Return an invitation as its reader's pages show it."""
    roles = [Role(role).label for role in invitation.roles]
    return {"id": str(invitation.id), "roles": roles, "organisation": organisation, "until": invitation.expires_at}
