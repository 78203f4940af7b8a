"""Signing in and out, and one's own account."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from wtforms import Form, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import SYSTEM_ACTOR, Actor, Channel
from compliance.door import NobodySignedInError
from compliance.engine.errors import EngineError
from compliance.kernel import clock
from compliance.kernel.db import session as database
from compliance.people import directory, passwords, second_factor, session, sign_ins
from compliance.people.models import Person
from compliance.settings import Settings
from compliance.web import transaction

WRONG = "The address or the password is not right."
WRONG_CODE = "The code is not right, or was used already. Wait for the next one."
TOO_MANY = "There were too many wrong tries. Wait five minutes, then try again."
MAX_TEXT = 1000

blueprint = Blueprint("people", __name__)


class SignIn(Form):
    """Address and password."""

    email = StringField("E-mail address", [InputRequired("Enter your e-mail address."), Length(max=254)])
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=MAX_TEXT)])


class Code(Form):
    """A code of the authenticator app, or a recovery code."""

    code = StringField("Code", [InputRequired("Enter the code."), Length(max=40)])


class Confirm(Form):
    """The password once more."""

    password = PasswordField("Your password", [InputRequired("Enter your password."), Length(max=MAX_TEXT)])


class NotFreshError(EngineError):
    """The password was typed too long ago for what is asked."""

    status = 401
    code = "reauth"


class NewPassword(Form):
    """The old password and the new one."""

    old = PasswordField("Your password now", [InputRequired("Enter your password."), Length(max=MAX_TEXT)])
    new = PasswordField("New password", [InputRequired("Enter the new one."), Length(max=MAX_TEXT)])


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Ask for address and password."""
    visitor = session.current_visitor() if request.method == "GET" and "next" in request.args else None
    if visitor is not None and not visitor.complete:  # Half signed in, and sent here from a page: the code is missing.
        return redirect(url_for("people.code", next=_onward()))
    form = SignIn(request.form if request.method == "POST" else None)
    if request.method == "GET" or not form.validate():
        return _page("people/login.html", form, 200 if request.method == "GET" else 422)
    email, ip = str(form.email.data), request.remote_addr
    person = directory.find(email)
    account = session.guessed_account(email, person)
    if session.too_many_guesses(account, ip):
        note(person, Event.PERSON_SIGN_IN_LIMITED)
        return _page("people/login.html", form, 429, TOO_MANY)
    usable = person if person is not None and person.active else None
    if not passwords.matches(usable.password_hash if usable else None, str(form.password.data)) or usable is None:
        session.note_guess(account, ip)
        note(person, Event.PERSON_SIGN_IN_FAILED)
        return _page("people/login.html", form, 422, WRONG)
    session.begin(usable, second_factor=False)
    if not session.needs_second_factor(usable, directory.actor_for(usable)):
        session.know_device(usable)
    note(usable, Event.PERSON_SIGNED_IN)
    return redirect(url_for("people.code", next=_onward()), 303)


@blueprint.route("/login/second-factor", methods=["GET", "POST"])
def code() -> ResponseReturnValue:
    """Ask for the code of those who have a second factor; send those who still need one to set it up."""
    visitor = any_visitor()
    if visitor.complete:
        return redirect(_onward(), 303)
    if visitor.person.totp_secret is None:
        return redirect(url_for("people.set_up"), 303)
    form = Code(request.form if request.method == "POST" else None)
    if request.method == "GET" or not form.validate():
        return _page("people/code.html", form, 200 if request.method == "GET" else 422)
    guess_key, person = f"code:{visitor.person.id}", visitor.person
    if session.too_many_guesses(guess_key, None, at_most=session.GUESSES_CODE):
        note(person, Event.PERSON_SIGN_IN_LIMITED)
        return _page("people/code.html", form, 429, TOO_MANY)
    if not _accepts(person, str(form.code.data)):
        session.note_guess(guess_key, None)
        note(person, Event.PERSON_SECOND_FACTOR_FAILED)
        return _page("people/code.html", form, 422, WRONG_CODE)
    visitor.sign_in.ended_at = visitor.sign_in.seen_at
    session.begin(person, second_factor=True)
    session.know_device(person)
    return redirect(_onward(), 303)


@blueprint.route("/account/confirm", methods=["GET", "POST"])
def confirm() -> ResponseReturnValue:
    """Ask for the password again before keys, roles, factors and stand-ins are touched."""
    visitor = complete_visitor()
    person, form = visitor.person, Confirm(request.form if request.method == "POST" else None)
    if request.method == "GET" or not form.validate():
        return _page("people/confirm.html", form, 200 if request.method == "GET" else 422)
    account = session.guessed_account(person.email, person)
    if session.too_many_guesses(account, request.remote_addr):
        note(person, Event.PERSON_SIGN_IN_LIMITED)
        return _page("people/confirm.html", form, 429, TOO_MANY)
    if not passwords.matches(person.password_hash, str(form.password.data)):
        session.note_guess(account, request.remote_addr)
        note(person, Event.PERSON_SIGN_IN_FAILED)
        return _page("people/confirm.html", form, 422, "That is not your password.")
    visitor.sign_in.proved_at = clock.now()
    return redirect(_onward(), 303)


@blueprint.route("/logout", methods=["POST"])
def logout() -> ResponseReturnValue:
    """End this sign-in."""
    visitor = session.current_visitor()
    if visitor is not None:
        visitor.sign_in.ended_at = visitor.sign_in.seen_at
        note(visitor.person, Event.PERSON_SIGNED_OUT)
        g.drop_session = True
    return redirect(url_for("people.login"), 303)


@blueprint.route("/account/second-factor", methods=["GET", "POST"])
def set_up() -> ResponseReturnValue:
    """Set a second factor up: show the secret, and keep it once a code proves that the app has it."""
    visitor = any_visitor()
    person = visitor.person
    if person.totp_secret is not None and not visitor.complete:
        return redirect(url_for("people.code"), 303)
    must_be_fresh(visitor)
    sent = "".join(request.form.get("secret", "").split())
    secret = sent if second_factor.SECRET.fullmatch(sent) else second_factor.new_secret()
    form = Code(request.form if request.method == "POST" else None)
    refusal = None
    if request.method == "POST" and form.validate():
        step = second_factor.accepts(secret, str(form.code.data), 0)
        if step is not None:
            codes = second_factor.keep(person, secret, current_app.config["SECRET_KEY"])
            person.totp_last_step = step
            sign_ins.end_all(person.id)
            session.begin(person, second_factor=True)
            session.know_device(person)
            note(person, Event.PERSON_SECOND_FACTOR_SET)
            return render_template("people/recovery.html", codes=codes)
        refusal = WRONG_CODE
    # The SVG is made by the QR library from values of ours; nothing a visitor typed is in it.
    picture = Markup(second_factor.picture(secret, person))  # noqa: S704 - see above
    page = render_template(
        "people/set_up.html",
        form=form,
        secret=secret,
        groups=second_factor.in_groups(secret),
        picture=picture,
        refusal=refusal,
    )
    return page, 422 if form.errors or refusal else 200


@blueprint.route("/account", methods=["GET", "POST"])
def account() -> ResponseReturnValue:
    """Show one's account, and change one's password."""
    visitor = complete_visitor()
    form = NewPassword(request.form if request.method == "POST" else None)
    refusal = None
    if request.method == "POST" and form.validate():
        refusal = _change_password(visitor, form)
        if refusal is None:
            return redirect(url_for("people.account"), 303)
    page = render_template(
        "people/account.html", form=form, person=visitor.person, refusal=refusal, tabs=tabs(visitor.actor)
    )
    return page, 422 if form.errors or refusal else 200


@blueprint.route("/preferences/theme", methods=["POST"])
def theme() -> ResponseReturnValue:
    """Keep the wish for light or dark in a cookie, so that the next page has it from its first byte."""
    response = redirect(local_address(request.form.get("next")), 303)
    chosen = request.form.get("theme")
    if chosen in {"light", "dark", "system"}:
        response.set_cookie("theme", chosen, max_age=31_536_000, samesite="Lax")
    return response


def tabs(actor: Actor) -> list[dict[str, Any]]:
    """Return the pages of the account as tabs."""
    items = [
        ("people.account", "Password"),
        ("account.sessions", "Sign-ins"),
        ("notifications.own_choices", "Notifications"),
        ("security.events", "Security"),
        ("tokens.own", "API tokens"),
        ("account.absence", "While you are away"),
        ("joining.own", "Invitations"),
    ]
    if actor.is_staff:
        items.append(("account.own_conflicts", "Conflicts of interest"))
    return [{"label": label, "href": url_for(end), "current": request.endpoint == end} for end, label in items]


def _change_password(visitor: session.Visitor, form: NewPassword) -> str | None:
    person = visitor.person
    if not passwords.matches(person.password_hash, str(form.old.data)):
        return "Your password now is not what you typed."
    about = directory.words_about(person)
    try:
        chosen = passwords.check(str(form.new.data), second_factor=person.totp_secret is not None, about=about)
    except passwords.PasswordError as refused:
        return str(refused)
    person.password_hash = passwords.hashed(chosen)
    sign_ins.end_all(person.id)
    session.begin(person, second_factor=visitor.sign_in.second_factor_at is not None)
    note(person, Event.PERSON_PASSWORD_CHANGED)
    return None


def any_visitor() -> session.Visitor:
    """Return whoever has given a right password; raises ``NobodySignedInError``."""
    found = session.current_visitor()
    if found is None:
        raise NobodySignedInError("Sign in first; you will come back to this page.")
    return found


def complete_visitor() -> session.Visitor:
    """Return whoever has shown everything they must; raises ``NobodySignedInError``."""
    found = any_visitor()
    if not found.complete:
        raise NobodySignedInError("Sign in first; you will come back to this page.")
    return found


def must_be_fresh(visitor: session.Visitor) -> None:
    """Ask for the password again when it was typed too long ago; raises :class:`NotFreshError`."""
    if not visitor.fresh:
        raise NotFreshError("Type your password again first; you will come back to this page.")


@blueprint.app_errorhandler(NotFreshError)
def _ask_again(_error: NotFreshError) -> ResponseReturnValue:
    database().rollback()
    return redirect(url_for("people.confirm", next=request.path), 303)


def _accepts(person: Person, given: str) -> bool:
    settings: Settings = current_app.config["SETTINGS"]
    secret = second_factor.kept(person, settings.secret_key, settings.secret_key_old)
    step = second_factor.accepts(secret, given, person.totp_last_step)
    if step is not None:
        person.totp_last_step = step
        return True
    if second_factor.use_recovery_code(person, given):
        note(person, Event.PERSON_RECOVERY_CODE_USED)
        return True
    return False


def note(person: Person | None, event: Event, subject: dict[str, str] | None = None) -> None:
    """Write what happened at the door to the record; a refusal is kept too."""
    transaction.keep()
    actor = Actor(person.id, person.name) if person else SYSTEM_ACTOR
    events.append(
        f"user/{person.id}" if person else "log",
        event,
        actor.through(Channel.BROWSER, ip=request.remote_addr),
        subject=subject,
    )
    database().flush()


def _page(template: str, form: Form, status: int, refusal: str | None = None) -> ResponseReturnValue:
    begin = None if directory.has_people() else directory.HOW_TO_BEGIN
    return render_template(template, form=form, refusal=refusal, next=_onward(), begin=begin), status


def _onward() -> str:
    return local_address(request.args.get("next"))


def local_address(address: str | None) -> str:
    """Return *address* rebuilt from its path and query when it lies on this site, else the start page."""
    parts = urlsplit((address or "/").replace("\\", "/"))
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path.startswith("//"):
        return "/"
    path = "".join(c for c in parts.path if c.isprintable())
    return f"{path}?{parts.query}" if parts.query and parts.query.isprintable() else path
