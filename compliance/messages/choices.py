"""What people wish to be mailed about, and the link by which they stop a kind of mail without signing in."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from flask import current_app

from compliance.kernel.db import session, table
from compliance.kernel.ids import as_id
from compliance.messages.kinds import Kind
from compliance.messages.models import MailChoice
from compliance.people.models import Person

PATH: Final = "/unsubscribe/"
MAC_DIGITS: Final = 32


def of(person_id: uuid.UUID) -> set[Kind]:
    """Return the kinds that a person is mailed about."""
    off = session().scalars(
        sa.select(MailChoice.kind).where(MailChoice.person_id == person_id, MailChoice.mail.is_(False))
    )
    return set(Kind) - {Kind(kind) for kind in off}


def choose(person_id: uuid.UUID, wanted: Collection[Kind]) -> None:
    """Mail a person about the *wanted* kinds and no others."""
    active = session()
    active.execute(sa.delete(table(MailChoice)).where(MailChoice.person_id == person_id))
    active.add_all(MailChoice(person_id=person_id, kind=kind.value, mail=kind in wanted) for kind in Kind)


def stop(person_id: uuid.UUID, kind: Kind) -> None:
    """Mail a person no more about *kind*."""
    session().merge(MailChoice(person_id=person_id, kind=kind.value, mail=False))


def token(person_id: uuid.UUID, kind: Kind) -> str:
    """Return what proves, in a link, that it was sent to that person about *kind*. It opens nothing else."""
    said = f"{person_id.hex}.{kind.value}"
    return f"{said}.{_mac(said)}"


def read_token(text: str) -> tuple[Person, Kind] | None:
    """Return whose mail of which kind *text* is about, or ``None`` when it is not ours."""
    said, _, mac = text.rpartition(".")
    if not hmac.compare_digest(mac.encode("utf-8", "replace"), _mac(said).encode()):
        return None
    person_id, _, kind = said.partition(".")
    person = session().get(Person, as_id(person_id))
    return (person, Kind(kind)) if person else None


def address(person_id: uuid.UUID, kind: Kind) -> str:
    """Return the whole address of the page that stops mail of *kind*."""
    base: str = current_app.config["SETTINGS"].base_url
    return f"{base}{PATH}{token(person_id, kind)}"


def _mac(said: str) -> str:
    secret: str = current_app.config["SECRET_KEY"]
    return hmac.digest(secret.encode(), f"unsubscribe {said}".encode("utf-8", "replace"), "sha256").hex()[:MAC_DIGITS]
