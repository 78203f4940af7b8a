"""Sign-ins that last, kept on the server; the one place that knows Flask-Login.

The cookie holds 256 random bits and nothing readable. A new one is issued at every sign-in; it dies at sign-out, when
the password or a role changes, when the person is disabled, when the delegation it uses is over, after too long
without a sign of life, and after 12 hours at the latest.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa
from flask import Flask, Request, Response, current_app, g, request
from flask_login import LoginManager, UserMixin, current_user
from sqlalchemy.exc import OperationalError

from compliance.authz import NEEDS_SECOND_FACTOR, Actor, Channel
from compliance.kernel import clock
from compliance.kernel.db import READING_METHODS, aside, one_at_a_time, session, table
from compliance.kernel.ids import new_id, new_secret
from compliance.people import delegation, directory, tokens
from compliance.people.models import Delegation, KnownDevice, Person, SignInAttempt, SignInSession
from compliance.settings import Settings

ABSOLUTE: Final = dt.timedelta(hours=12)
IDLE_STAFF: Final = dt.timedelta(minutes=30)
TOUCH_EVERY: Final = dt.timedelta(minutes=1)
SHORT_WINDOW: Final = dt.timedelta(minutes=5)
FRESH: Final = dt.timedelta(minutes=10)
DEVICE_KNOWN_FOR: Final = dt.timedelta(days=180)
GUESSES_SHORT: Final = 10
GUESSES_CODE: Final = 5
GUESSES_DAY: Final = 100
GUESSES_ADDRESS: Final = 50
API: Final = "/api/"
_SIGNED_IN: Final = (
    sa.select(SignInSession, Person)
    .join(Person, Person.id == SignInSession.person_id)
    .where(SignInSession.token_hash == sa.bindparam("token_hash"), SignInSession.ended_at.is_(None), Person.active)
)


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
    def fresh(self) -> bool:
        """Tell whether the password was typed so lately that keys, roles and factors may be changed."""
        proved = self.sign_in.proved_at
        return proved is not None and clock.now() - proved <= FRESH

    @property
    def needs_second_factor(self) -> bool:
        """Tell whether this person must use a second factor, or has set one."""
        return needs_second_factor(self.person, self.actor)


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
    """Return whoever makes this request, once they have shown everything they must.

    The API knows tokens only and the pages know sign-ins only. The API may therefore do without the token against
    forged requests, since no browser sends it anything by itself; and a token, however wide, opens no page.
    """
    if request.path.startswith(API):
        return _token_actor()
    visitor = current_visitor()
    if visitor is None or not visitor.complete:
        return None
    return visitor.actor.through(Channel.BROWSER, ip=request.remote_addr, request_id=g.get("request_id"))


def _token_actor() -> Actor | None:
    """Return the owner of this request's token, with no more than the token's scopes."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    found = tokens.find(secret.strip()) if kind.lower() == "bearer" else None
    if found is None:
        return None
    token, person = found
    if not tokens.works_from(token, request.remote_addr):
        return None
    actor = directory.actor_for(person)
    if needs_second_factor(person, actor) and person.totp_secret is None:
        return None
    came = actor.through(Channel.API, ip=request.remote_addr, request_id=g.get("request_id"))
    actor = replace(came, scopes=frozenset(token.scopes))
    tokens.note_use(token, actor, aside=request.method in READING_METHODS)
    return actor


def needs_second_factor(person: Person, actor: Actor) -> bool:
    """Tell whether *person* must use a second factor, or has set one."""
    return person.totp_secret is not None or bool(actor.roles & NEEDS_SECOND_FACTOR)


def begin(person: Person, *, second_factor: bool) -> SignInSession:
    """Begin a sign-in of *person*, who has just shown who they are; its cookie goes out with this answer."""
    token, now = new_secret(), clock.now()
    made = SignInSession(
        token_hash=_hash(token),
        person_id=person.id,
        began_at=now,
        seen_at=now,
        second_factor_at=now if second_factor else None,
        proved_at=now,
        ip=request.remote_addr,
        agent=request.headers.get("User-Agent", "")[:200],
    )
    session().add(made)
    g.new_session_token = token
    return made


def stand_in(visitor: Visitor, chosen: Delegation | None) -> None:
    """Go on with the rights of *chosen*, or with one's own again: a change of rights is a new sign-in."""
    before = visitor.sign_in
    before.ended_at = clock.now()
    made = begin(visitor.person, second_factor=False)
    made.second_factor_at, made.proved_at, made.began_at = before.second_factor_at, before.proved_at, before.began_at
    made.delegation_id = chosen.id if chosen else None


def know_device(person: Person) -> None:
    """Remember that *person* signed in completely in this browser."""
    token = new_secret()
    session().add(KnownDevice(token_hash=_hash(token), person_id=person.id, known_since=clock.now()))
    g.new_device_token = token


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
    if token := g.pop("new_device_token", None):
        life = int(DEVICE_KNOWN_FOR.total_seconds())
        response.set_cookie(_device_cookie(), token, max_age=life, httponly=True, samesite="Lax", secure=secure)
    return response


def cookie_name() -> str:
    """Return the cookie's name: bound to this host by the browser where the address is safe."""
    settings: Settings = current_app.config["SETTINGS"]
    return "__Host-session" if settings.base_url.startswith("https://") else "countersign_session"


def guessed_account(email: str, person: Person | None) -> str:
    """Return under which name a guess counts: the address, or this browser when *person* is known in it.

    So a stranger can use up the guesses of strangers only, and locks nobody out.
    """
    token = request.cookies.get(_device_cookie())
    if token and person is not None:
        key = (_hash(token), person.id)
        found = session().get(KnownDevice, key)
        if found is not None and clock.now() - found.known_since <= DEVICE_KNOWN_FOR:
            return f"device:{key[0].hex()}"
    return f"address:{email.strip().lower()}"


def too_many_guesses(account: str, ip: str | None, *, at_most: int = GUESSES_SHORT) -> bool:
    """Tell whether the limits on guesses are reached, for the account or for the address they come from."""
    now, key = clock.now(), _account(account)
    one_at_a_time(key)  # So that many guesses at once do not all pass the same count.
    return (
        _guesses(SignInAttempt.account == key, now - SHORT_WINDOW) >= at_most
        or _guesses(SignInAttempt.account == key, now - dt.timedelta(days=1)) >= GUESSES_DAY
        or (ip is not None and _guesses(SignInAttempt.ip == ip, now - SHORT_WINDOW) >= GUESSES_ADDRESS)
    )


def note_guess(account: str, ip: str | None, *, apart: bool = False) -> None:
    """Count a wrong guess at *account*; *apart*, in a transaction of its own, for a request that only reads."""
    guess = {"account": _account(account), "ip": ip, "at": clock.now()}
    if apart:
        with aside() as connection:
            connection.execute(sa.insert(table(SignInAttempt)).values(id=new_id(), **guess))
    else:
        session().add(SignInAttempt(**guess))


def _guesses(condition: sa.ColumnElement[bool], since: dt.datetime) -> int:
    query = sa.select(sa.func.count()).select_from(SignInAttempt).where(condition, SignInAttempt.at > since)
    return session().scalar(query) or 0


def _recognise(incoming: Request) -> Visitor | None:
    token = incoming.cookies.get(cookie_name())
    if not token:
        return None
    row = session().execute(_SIGNED_IN, {"token_hash": _hash(token)}).one_or_none()
    if row is None:
        return None
    found, person = row
    using = session().get_one(Delegation, found.delegation_id) if found.delegation_id else None
    absent = session().get(Person, using.absent_id) if using else None
    if using is not None and not (delegation.is_live(using) and absent is not None and absent.active):
        return None
    actor = directory.actor_for(person, absent, using.roles if using is not None else ())
    idle = IDLE_STAFF if actor.is_staff else ABSOLUTE
    now = clock.now()
    if now - found.began_at > ABSOLUTE or now - found.seen_at > idle:
        return None
    if now - found.seen_at > TOUCH_EVERY and incoming.method == "GET":
        _touch(found, now)
    return Visitor(person, found, actor)


def _touch(found: SignInSession, now: dt.datetime) -> None:
    """Note a sign of life in a transaction of its own: reading a page is no change.

    While the database takes no writes the sign is left out, so that reading goes on.
    """
    with suppress(OperationalError), aside() as connection:
        connection.execute(sa.update(table(SignInSession)).where(SignInSession.id == found.id).values(seen_at=now))


def _device_cookie() -> str:
    return cookie_name().replace("session", "device")


def _account(account: str) -> bytes:
    """Return the key under which guesses are counted; the address itself is not kept beside them."""
    secret: str = current_app.config["SECRET_KEY"]
    return hmac.digest(secret.encode(), account[:300].encode("utf-8", "replace"), "sha256")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
