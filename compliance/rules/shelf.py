"""Every version of every rule set that can be read: what the release ships, and what was published before."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.rules import store
from compliance.rules.errors import UnknownRuleSetError
from compliance.rules.library import AnySet, number_of
from compliance.rules.store import RuleSetVersion


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a rule set. ``published_at`` is empty where it is only on disk.

    ``origin`` is the reference of the case that changed the rules to this version, where one did.
    """

    rules: AnySet
    published_at: dt.datetime | None
    on_disk: bool
    origin: str | None = None

    @property
    def version(self) -> str:
        """Its version."""
        return self.rules.version

    def in_force(self, day: dt.date) -> bool:
        """Whether it is in force on a day."""
        return self.rules.about.in_force(day)


def editions(session: Session, key: str) -> list[Edition]:
    """Return the versions of a rule set, the newest last. Raises ``UnknownRuleSetError`` where there is none."""
    found = shelf(session, key)
    if not found:
        raise UnknownRuleSetError(key, store.library().known())
    return found[key]


def shelf(session: Session, key: str | None = None) -> dict[str, list[Edition]]:
    """Return every rule set, or one of them, by key; the newest version comes last.

    What was published counts: where the release ships another content under the same version, that one is left out.
    """
    shipped = {}
    if key is None or key in store.library().known():
        shipped = {(one.key, one.version): one for one in store.library().everything(key)}
    found = {name: Edition(rules, None, on_disk=True) for name, rules in shipped.items()}
    for row in store.listed(session, key):
        name = (row.key, row.version)
        rules = shipped.get(name)
        same = rules is not None and rules.digest == row.digest
        kept = rules if rules is not None and same else store.published(session, *name)
        found[name] = Edition(kept, row.published_at, same, row.origin)
    by_key: dict[str, list[Edition]] = {}
    for name in sorted(found, key=lambda one: (one[0], number_of(one[1]))):
        by_key.setdefault(name[0], []).append(found[name])
    return by_key


def current(found: list[Edition], day: dt.date) -> Edition:
    """Return the newest version in force on a day; the newest of all where none is."""
    return next((one for one in reversed(found) if one.in_force(day)), found[-1])


def content(session: Session, edition: Edition) -> dict[str, str]:
    """Return the files of a version by their paths, as they were published or are shipped."""
    if edition.on_disk:
        text: str | None = store.content_of(edition.rules)
    else:
        rules = edition.rules
        same = (RuleSetVersion.key == rules.key, RuleSetVersion.version == rules.version)
        text = session.scalar(sa.select(RuleSetVersion.content).where(*same))
    files: dict[str, str] = json.loads(text or "{}")
    return files
