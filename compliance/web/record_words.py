"""The words of the record as people say them, and who and what a search means by a name."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from compliance.audit import vocabulary
from compliance.audit.models import AuditEvent
from compliance.engine.registry import registry
from compliance.engine.telling import NOTICES, names_of
from compliance.kernel.db import session
from compliance.kernel.ids import as_id
from compliance.people import directory
from compliance.people.models import Organisation, Person, RoleGrant

MOST_NAMED: Final = 5
STREAMS: Final = {"config": "Settings", "log": "The record itself"}
NOT_A_WORD: Final = "“{}” is not a word of the record. Choose one of the list, for instance “{}”."
SEVERAL: Final = "Several people are called so. Give the address of one: {}."


def label(word: str) -> str:
    """Return a word of the vocabulary as people say it: ``offer.approve`` is “Offer: Approve”."""
    kind, _, name = word.partition(".")
    versions = registry().versions(kind)
    if not versions:
        return f"{kind}: {name}".replace("_", " ").capitalize()
    action = next((found for one in versions if (found := one.action(name))), None)
    return f"{versions[0].title}: {action.label if action else NOTICES.get(name, name)}"


def state(event: AuditEvent, value: str | None) -> str | None:
    """Return a state as the process of *event* calls it, in whichever version still has it."""
    for workflow in registry().versions(event.action.partition(".")[0]):
        if value in {one.value for one in workflow.states}:
            return workflow.stage(str(value)).label
    return value


def choices() -> list[tuple[str, str]]:
    """Return the vocabulary with its labels, by label."""
    return sorted(((word, label(word)) for word in vocabulary.words()), key=lambda one: one[1])


def word_of(typed: str) -> str:
    """Return the word that *typed* is or says in words; raises ``ValueError`` with a sentence."""
    wanted = " ".join(typed.split()).casefold()
    for word, said in choices():
        if wanted in {word, said.casefold(), f"{said} ({word})".casefold()}:
            return word
    some = choices()[0][1]
    raise ValueError(NOT_A_WORD.format(typed, some))


def person_of(typed: str, organisations: frozenset[uuid.UUID] | None) -> str:
    """Return the id of whoever has this address, or whose name begins so; “none” for nobody.

    Names are looked for only among the people of *organisations*, where they are given. Raises ``ValueError`` with a
    sentence when there are several.
    """
    if "@" in typed:
        one = directory.find(typed)
        return str(one.id) if one else "none"
    begins = Person.name.ilike(f"{_literal(' '.join(typed.split()))}%", escape="\\")
    query = sa.select(Person).where(begins).order_by(Person.name, Person.id).limit(MOST_NAMED + 1)
    if organisations is not None:
        theirs = sa.select(RoleGrant.person_id).where(RoleGrant.organisation_id.in_(organisations))
        query = query.where(Person.id.in_(theirs))
    found = session().scalars(query).all()
    if len(found) > 1:
        named = [f"{person.name} ({person.email})" for person in found[:MOST_NAMED]]
        raise ValueError(SEVERAL.format("; ".join(named + ["and more"] * (len(found) > MOST_NAMED))))
    return str(found[0].id) if found else "none"


def where(found: Iterable[AuditEvent]) -> dict[uuid.UUID, str]:
    """Return, for each event, what its stream is about: the person, the organisation, or a part of the desk."""
    events = list(found)
    people = names_of(session(), [event.stream.partition("/")[2] for event in events])
    organisations = _organisations({event.organisation_id for event in events if event.organisation_id})
    told = {}
    for event in events:
        kind, _, name = event.stream.partition("/")
        about = people.get(name) if as_id(name) else None
        part = STREAMS.get(kind, kind.replace("_", " ").capitalize())
        at = organisations.get(event.organisation_id) if event.organisation_id else None
        told[event.event_id] = about or (f"{part}, {at}" if at else part)
    return told


def _organisations(ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = session().execute(sa.select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
