"""API tokens: a person's own key for programs, narrower than the person and never longer-lived than a year.

A token holds 256 random bits and is shown once; its SHA-256 is kept. What it may do is read from its owner's roles at
every use, so a role that ends, or an account that is closed, ends it for the token at the same moment.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import re
import uuid
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.audit import events
from compliance.audit.sealed import Sealed
from compliance.audit.vocabulary import Event
from compliance.authz import Actor
from compliance.kernel import clock
from compliance.kernel.db import engine, session, table
from compliance.kernel.ids import new_secret
from compliance.people import directory
from compliance.people.directory import DirectoryError
from compliance.people.models import ApiToken, Person

PREFIX: Final = "cs_"
HINT_LENGTH: Final = len(PREFIX) + 6
LONGEST: Final = dt.timedelta(days=365)
MOST: Final = 20
MOST_SHOWN: Final = 50
MOST_ADDRESSES: Final = 20
NAME_LENGTH: Final = 80
# What of, as in the addresses of the API, and whether to read or to change; to write does not include to read.
SCOPE: Final = re.compile(r"[a-z][a-z0-9-]*:(read|write)")
NOTE_USE_EVERY: Final = dt.timedelta(minutes=1)


def make(
    actor: Actor, name: str, scopes: Collection[str], lives: dt.timedelta, addresses: Collection[str] = ()
) -> tuple[ApiToken, str]:
    """Make a token of *actor* and return it with its secret, which nobody can show again.

    With *addresses* (such as ``192.0.2.0/24``) it works only for requests from those networks. Raises
    :class:`DirectoryError` for whoever is no person acting for themselves, and for what a token cannot be.
    """
    if actor.id is None or actor.stands_for or actor.scopes is not None:
        raise DirectoryError("Tokens are made by people, for themselves: not by a program, and not by a stand-in.")
    called = name.strip()
    if not 0 < len(called) <= NAME_LENGTH:
        raise DirectoryError(f"Give the token a name of at most {NAME_LENGTH} characters.")
    if not scopes or not all(SCOPE.fullmatch(scope) for scope in scopes):
        raise DirectoryError("Choose at least one of the scopes offered.")
    if not dt.timedelta() < lives <= LONGEST:
        raise DirectoryError(f"A token lives for at least a day and at most {LONGEST.days} days.")
    if len(addresses) > MOST_ADDRESSES:
        raise DirectoryError(f"Name at most {MOST_ADDRESSES} networks.")
    if len(of(actor.id)) >= MOST:
        raise DirectoryError(f"You have {MOST} tokens. Revoke one that you no longer use.")
    secret, now = new_secret(PREFIX), clock.now()
    made = ApiToken(
        person_id=actor.id,
        name=called,
        hint=secret[:HINT_LENGTH],
        token_hash=_hash(secret),
        scopes=sorted(set(scopes)),
        addresses=[str(network) for network in map(_network, addresses)],
        made_at=now,
        expires_at=now + lives,
    )
    session().add(made)
    session().flush()
    _record(session(), Event.TOKEN_MADE, made, actor)
    return made, secret


def revoke(token: ApiToken, by: Actor) -> None:
    """End a token at once; raises :class:`DirectoryError` for all but its owner and the programme's administrators."""
    if by.id != token.person_id:
        directory.must_administer(by, None)
    if token.ended_at is None:
        token.ended_at = clock.now()
        _record(session(), Event.TOKEN_REVOKED, token, by)
        session().flush()


def end_all(person_id: uuid.UUID, by: Actor) -> None:
    """End every token of a person, each with its event."""
    for token in of(person_id):
        token.ended_at = clock.now()
        _record(session(), Event.TOKEN_REVOKED, token, by)


def of(person_id: uuid.UUID) -> list[ApiToken]:
    """Return the tokens of a person that work, newest first."""
    query = sa.select(ApiToken).where(ApiToken.person_id == person_id, *_live()).order_by(ApiToken.made_at.desc())
    return list(session().scalars(query))


def kept(person_id: uuid.UUID) -> list[ApiToken]:
    """Return the tokens of a person that nobody has revoked, those that have run out among them, newest first."""
    query = sa.select(ApiToken).where(ApiToken.person_id == person_id, ApiToken.ended_at.is_(None))
    return list(session().scalars(query.order_by(ApiToken.made_at.desc()).limit(MOST_SHOWN)))


def works_from(token: ApiToken, ip: str | None) -> bool:
    """Tell whether *token* may be used from that address."""
    if not token.addresses:
        return True
    try:
        found = ipaddress.ip_address(ip or "")
    except ValueError:
        return False
    # A server that listens for both kinds sees the older kind inside the newer.
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in ipaddress.ip_network(network) for network in token.addresses)


def find(secret: str) -> tuple[ApiToken, Person] | None:
    """Return the working token behind *secret* and its owner.

    The lookup is by the hash of 256 random bits: how long it takes tells nothing about any token.
    """
    if not secret.startswith(PREFIX):
        return None
    query = (
        sa.select(ApiToken, Person)
        .join(Person, Person.id == ApiToken.person_id)
        .where(ApiToken.token_hash == _hash(secret), Person.active, *_live())
    )
    row = session().execute(query).one_or_none()
    return (row[0], row[1]) if row is not None else None


def note_use(token: ApiToken, actor: Actor, *, aside: bool) -> None:
    """Note when *token* was used last, and write its first use to the record.

    A request that only reads is undone at its end, so its mark is made *aside*, in a transaction of its own; a request
    that changes something carries the mark with it, because on SQLite a second writer would wait for the first.
    """
    now = clock.now()
    if token.used_at is not None and now - token.used_at <= NOTE_USE_EVERY:
        return
    if aside:
        with Session(engine()) as own, own.begin():
            _mark(own, token, actor, now)
    else:
        _mark(session(), token, actor, now)


def _mark(active: Session, token: ApiToken, actor: Actor, now: dt.datetime) -> None:
    mine = sa.update(table(ApiToken)).where(table(ApiToken).c.id == token.id).values(used_at=now)
    first = active.execute(mine.where(table(ApiToken).c.used_at.is_(None)).returning(table(ApiToken).c.id))
    if first.one_or_none() is not None:
        _record(active, Event.TOKEN_USED_FIRST, token, actor)
    else:
        active.execute(mine)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise DirectoryError(f"“{text.strip()[:60]}” is no address or network, such as 192.0.2.0/24.") from None


def _live() -> tuple[sa.ColumnElement[bool], ...]:
    return (ApiToken.ended_at.is_(None), ApiToken.expires_at > clock.now())


def _record(active: Session, event: Event, token: ApiToken, by: Actor) -> None:
    subject = {
        "token": str(token.id),
        "scopes": list(token.scopes),
        "until": token.expires_at.isoformat(timespec="seconds"),
        **({"addresses": list(token.addresses)} if token.addresses else {}),
    }
    changes = {"name": [None, Sealed(token.name)]} if event is Event.TOKEN_MADE else None
    events.append(f"user/{token.person_id}", event, by, subject=subject, changes=changes, session=active)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
