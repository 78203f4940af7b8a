"""The way back for whoever forgot a password. Every address gets the same answer, known or not."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import Form, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from compliance.audit.vocabulary import Event
from compliance.authz import Actor, Channel
from compliance.people import directory, passwords, resets, session
from compliance.people.directory import DirectoryError
from compliance.people.models import Person
from compliance.web import secret_links
from compliance.web.people import MAX_TEXT, TOO_MANY, note

blueprint = Blueprint("recovery", __name__)


class Forgot(Form):
    """Whose password."""

    email = StringField("E-mail address", [InputRequired("Enter your e-mail address."), Length(max=254)])


class Reset(Form):
    """The new password."""

    password = PasswordField("New password", [InputRequired("Choose a password."), Length(max=MAX_TEXT)])


@blueprint.route("/forgot", methods=["GET", "POST"])
def forgot() -> ResponseReturnValue:
    """Mail a link to set a new password."""
    form, refusal, status = Forgot(request.form if request.method == "POST" else None), None, 200
    if request.method == "POST" and form.validate():
        try:
            address = directory.address(str(form.email.data))
        except DirectoryError as refused:
            refusal, status = str(refused), 422
        else:
            if _ask(address):
                return render_template("people/forgot_sent.html")
            refusal, status = TOO_MANY, 429
    page = render_template("people/forgot.html", form=form, refusal=refusal)
    return page, 422 if form.errors else status


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    """Set a new password, for whoever holds the link; nobody is signed in by it."""
    secret_links.refuse_guessers()
    found = resets.find(token, lock=request.method == "POST")
    if found is None:
        return secret_links.gone()
    person, form, refusal = found[1], Reset(request.form if request.method == "POST" else None), None
    if request.method == "POST" and form.validate():
        try:
            resets.use(person, str(form.password.data), _through_the_link(person))
        except passwords.PasswordError as refused:
            refusal = str(refused)
        else:
            return secret_links.hidden(render_template("people/reset_done.html"))
    least = passwords.least(second_factor=person.totp_secret is not None)
    page = render_template("people/reset.html", form=form, refusal=refusal, email=person.email, least=least)
    return secret_links.hidden(page), 422 if form.errors or refusal else 200


def _ask(address: str) -> bool:
    """Ask for a link unless that was done too often, for the address or from this network."""
    account, ip = f"forgot:{address}", request.remote_addr
    if session.too_many_guesses(account, ip):
        note(directory.find(address), Event.PERSON_SIGN_IN_LIMITED)
        return False
    session.note_guess(account, ip)
    note(resets.ask(address), Event.PERSON_PASSWORD_RESET_ASKED)
    return True


def _through_the_link(person: Person) -> Actor:
    return Actor(person.id, person.name).through(Channel.BROWSER, ip=request.remote_addr)
