"""Sign-ins that last, kept on the server; the one place that knows Flask-Login.

The cookie holds 256 random bits and nothing readable. A new one is issued at every sign-in; it dies at sign-out, when
the password changes, when the person is disabled, after too long without a sign of life,
and after 12 hours at the latest.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from flask import Flask, Request, Response, current_app, g, request
from flask_login import LoginManager, UserMixin, current_user

from compliance.authz import NEEDS_SECOND_FACTOR, Actor, Channel
from compliance.kernel import clock
from compliance.kernel.db import aside, session, table
from compliance.kernel.ids import new_secret
from compliance.people import directory
from compliance.people.models import Person, SignInAttempt, SignInSession
from compliance.settings import Settings

ABSOLUTE: Final = dt.timedelta(hours=12)
IDLE_STAFF: Final = dt.timedelta(minutes=30)
TOUCH_EVERY: Final = dt.timedelta(minutes=1)
SHORT_WINDOW: Final = dt.timedelta(minutes=5)
GUESSES_SHORT: Final = 10
GUESSES_DAY: Final = 100
GUESSES_ADDRESS: Final = 50


@dataclass
class Visitor(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """Somebody whose sign-in was recognised, perhaps still without the second factor."""

    person: Person
    sign_in: SignInSession
    actor: Actor

    @property
    def complete(self) -> bool:
        """Tell whether everything was shown that this person must show."""
        return self.sign_in.second_factor_at is not None or not self.needs_second_factor

    @property
    def needs_second_factor(self) -> bool:
        """Tell whether this person must use a second factor, or has set one."""
        return self.person.totp_secret is not None or bool(self.actor.roles & NEEDS_SECOND_FACTOR)


def install(app: Flask) -> None:
    """Recognise visitors of *app*."""
    manager = LoginManager(app)
    manager.session_protection = None
    manager.request_loader(_recognise)
    app.extensions["current_actor"] = current_actor


def current_visitor() -> Visitor | None:
    """Return whoever's sign-in came with this request, complete or not."""
    user = current_user
    return user._get_current_object() if isinstance(user._get_current_object(), Visitor) else None  # noqa: SLF001 - the proxy's own way


def current_actor() -> Actor | None:
    """Return whoever makes this request, once they have shown everything they must."""
    visitor = current_visitor()
    if visitor is None or not visitor.complete:
        return None
    return visitor.actor.through(Channel.BROWSER, ip=request.remote_addr)


def begin(person: Person, *, second_factor: bool) -> SignInSession:
    """Begin a sign-in of *person*; its cookie goes out with the answer to this request."""
    token, now = new_secret(), clock.now()
    made = SignInSession(
        token_hash=_hash(token),
        person_id=person.id,
        began_at=now,
        seen_at=now,
        second_factor_at=now if second_factor else None,
        ip=request.remote_addr,
        agent=request.headers.get("User-Agent", "")[:200],
    )
    session().add(made)
    g.new_session_token = token
    return made


def end_all(person: Person, *, but: SignInSession | None = None) -> None:
    """End every sign-in of *person*, except *but*."""
    ending = sa.update(table(SignInSession)).where(
        SignInSession.person_id == person.id, SignInSession.ended_at.is_(None)
    )
    if but is not None:
        ending = ending.where(SignInSession.id != but.id)
    session().execute(ending.values(ended_at=clock.now()))


def set_cookie(response: Response) -> Response:
    """Hand a new sign-in's cookie out, or take an ended one back."""
    settings: Settings = current_app.config["SETTINGS"]
    secure = settings.base_url.startswith("https://")
    if token := g.pop("new_session_token", None):
        response.set_cookie(
            cookie_name(), token, max_age=int(ABSOLUTE.total_seconds()), httponly=True, samesite="Lax", secure=secure
        )
    elif g.pop("drop_session", False):
        response.delete_cookie(cookie_name(), httponly=True, samesite="Lax", secure=secure)
    return response


def cookie_name() -> str:
    """Return the cookie's name: bound to this host by the browser where the address is safe."""
    settings: Settings = current_app.config["SETTINGS"]
    return "__Host-session" if settings.base_url.startswith("https://") else "countersign_session"


def too_many_guesses(account: str, ip: str | None) -> bool:
    """Tell whether the limits on guesses are reached, for the account or for the address they come from."""
    now, key = clock.now(), _account(account)
    return (
        _guesses(SignInAttempt.account == key, now - SHORT_WINDOW) >= GUESSES_SHORT
        or _guesses(SignInAttempt.account == key, now - dt.timedelta(days=1)) >= GUESSES_DAY
        or (ip is not None and _guesses(SignInAttempt.ip == ip, now - SHORT_WINDOW) >= GUESSES_ADDRESS)
    )


def note_guess(account: str, ip: str | None) -> None:
    """Count a wrong guess at *account*."""
    session().add(SignInAttempt(account=_account(account), ip=ip, at=clock.now()))


def forget_guesses(account: str) -> None:
    """Start counting afresh after the right password."""
    session().execute(sa.delete(SignInAttempt).where(SignInAttempt.account == _account(account)))


def _guesses(condition: sa.ColumnElement[bool], since: dt.datetime) -> int:
    query = sa.select(sa.func.count()).select_from(SignInAttempt).where(condition, SignInAttempt.at > since)
    return session().scalar(query) or 0


def _recognise(incoming: Request) -> Visitor | None:
    token = incoming.cookies.get(cookie_name())
    if not token:
        return None
    row = (
        session()
        .execute(
            sa.select(SignInSession, Person)
            .join(Person, Person.id == SignInSession.person_id)
            .where(SignInSession.token_hash == _hash(token), SignInSession.ended_at.is_(None), Person.active)
        )
        .one_or_none()
    )
    if row is None:
        return None
    found, person = row
    actor = directory.actor_for(person)
    idle = IDLE_STAFF if actor.is_staff else ABSOLUTE
    now = clock.now()
    if now - found.began_at > ABSOLUTE or now - found.seen_at > idle:
        return None
    if now - found.seen_at > TOUCH_EVERY and incoming.method == "GET":
        _touch(found, now)
    return Visitor(person, found, actor)


def _touch(found: SignInSession, now: dt.datetime) -> None:
    """Note a sign of life in a transaction of its own: reading a page is no change."""
    with aside() as connection:
        connection.execute(sa.update(table(SignInSession)).where(SignInSession.id == found.id).values(seen_at=now))


def _account(account: str) -> bytes:
    """Return the key under which guesses are counted; the address itself is not kept beside them."""
    secret: str = current_app.config["SECRET_KEY"]
    return hmac.digest(secret.encode(), account.strip().lower()[:254].encode(), "sha256")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
