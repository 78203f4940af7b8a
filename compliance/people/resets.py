"""Ways back for whoever forgot a password: a link mailed to the account's own address, good once, for an hour.

Nothing here shows whether an address has an account: for a stranger the same is written, and taken back.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import sqlalchemy as sa

from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import Actor
from compliance.kernel import clock
from compliance.kernel.db import session, table
from compliance.kernel.ids import new_id, new_secret
from compliance.messages import outbox
from compliance.people import directory, links, passwords, sign_ins
from compliance.people.models import PasswordReset, Person

LIVES: Final = dt.timedelta(hours=1)
# Further mails would help nobody but whoever wants to fill somebody's inbox.
MOST_OPEN: Final = 5
KEPT_FOR: Final = dt.timedelta(days=30)


def ask(email: str) -> Person | None:
    """Mail a link to *email* if somebody signs in with it; return whom, for the record and for nobody else."""
    person = directory.find(email)
    known = person if person is not None and person.active else None
    whose = known or Person(id=new_id(), email=email, name="Nobody")
    written = session().begin_nested()
    (written.commit if _write(whose) and known is not None else written.rollback)()
    return known


def find(token: str, *, lock: bool) -> tuple[PasswordReset, Person] | None:
    """Return what *token* opens now, and whose it is; with *lock* one of two who use it at once comes too late."""
    query = (
        sa.select(PasswordReset, Person)
        .join(Person, Person.id == PasswordReset.person_id)
        .where(
            PasswordReset.token_hash == links.digest(token),
            PasswordReset.used_at.is_(None),
            PasswordReset.expires_at > clock.now(),
            Person.active,
        )
    )
    if lock:
        query = query.with_for_update(of=PasswordReset).execution_options(populate_existing=True)
    row = session().execute(query).one_or_none()
    return (row[0], row[1]) if row is not None else None


def use(person: Person, password: str, by: Actor) -> None:
    """Set a new password: every sign-in and every other link ends, and the second factor stays as it is.

    Raises :class:`~compliance.people.passwords.PasswordError`.
    """
    about = directory.words_about(person)
    chosen = passwords.check(password, second_factor=person.totp_secret is not None, about=about)
    person.password_hash = passwords.hashed(chosen)
    end_all(person)
    sign_ins.end_all(person.id)
    events.append(f"user/{person.id}", Event.PERSON_PASSWORD_CHANGED, by, subject={"by": "reset"})
    tell(person, "Your password was changed")
    session().flush()


def end_all(person: Person) -> None:
    """Let every link of *person* die."""
    mine = sa.update(table(PasswordReset)).where(PasswordReset.person_id == person.id, PasswordReset.used_at.is_(None))
    session().execute(mine.values(used_at=clock.now()))


def tell(person: Person, what: str) -> None:
    """Mail *person* that something about their account was changed, in case it was not their doing."""
    outbox.post(person.email, "people/changed", what, name=person.name, what=what, link=links.to("/account/security"))


def forget() -> None:
    """Take away links that have been of no use for long."""
    old = sa.delete(table(PasswordReset)).where(PasswordReset.expires_at < clock.now() - KEPT_FOR)
    session().execute(old)


def _write(person: Person) -> bool:
    """Write link and mail; return whether there is room for another one."""
    now, token = clock.now(), new_secret()
    mine = (
        sa.select(sa.func.count())
        .select_from(PasswordReset)
        .where(PasswordReset.person_id == person.id, PasswordReset.used_at.is_(None), PasswordReset.expires_at > now)
    )
    waiting = session().scalar(mine) or 0
    outbox.post(
        person.email, "people/reset", "A new password for Countersign",
        name=person.name, link=links.to(f"/reset/{token}"), until=now + LIVES,
    )  # fmt: skip
    session().flush()
    # Taken from the person's own row, so that for nobody the same statement writes nothing.
    made = {"id": new_id(), "token_hash": links.digest(token), "made_at": now, "expires_at": now + LIVES}
    columns = table(PasswordReset).c
    values = [sa.literal(value, columns[name].type) for name, value in made.items()]
    whose = sa.select(*values, Person.id).where(Person.id == person.id)
    session().execute(sa.insert(table(PasswordReset)).from_select([*made, "person_id"], whose))
    return waiting < MOST_OPEN
