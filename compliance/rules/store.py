"""Published versions of rule sets: kept for ever as they were, so that a case can be finished on the one it began with.

Shipped files may move on with the next release. What was published stays in the database, where triggers refuse to
change or delete it. Nobody has to publish by hand: a rule set is published when answers to it are first sent.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Mapped, Session, mapped_column

from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import Actor
from compliance.kernel import clock
from compliance.kernel.db import Base, direct, table
from compliance.rules import catalog
from compliance.rules.agenda import JOINED, Agenda, Member, agenda
from compliance.rules.checks.check import ComplianceCheck
from compliance.rules.errors import RuleSetError, UnknownRuleSetError
from compliance.rules.library import AnySet, Library
from compliance.rules.loading import FILE, load
from compliance.rules.purposes import OfTables, read_purposes
from compliance.rules.rule_set import RuleSet
from compliance.rules.standing import Standing


class RuleSetVersion(Base):
    """One published version. ``content`` holds every file of the rule set by its path, as JSON.

    ``origin`` is the reference of the case that changed the rules, where they came by one and not with a release.
    """

    __tablename__ = "rule_set_version"

    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    content: Mapped[str]
    published_at: Mapped[dt.datetime]
    by: Mapped[str]
    origin: Mapped[str | None]


_KEPT: Final = table(RuleSetVersion).c
_CHANGED: Final = (
    sa.select(_KEPT.key, _KEPT.version, _KEPT.digest)
    .where(_KEPT.origin.is_not(None))
    .order_by(_KEPT.key, _KEPT.version)
)
_FOUND: Final = "standing rules"
_MOST_STANDING: Final = 8
# By the library and what was changed since: whoever asks again while nothing else was published gets the same.
_STANDING: Final[dict[tuple[Library, tuple[tuple[str, str, str], ...]], Standing]] = {}


class PublishedOtherwiseError(ValueError):
    """A version was published before, with another content; what is published never changes."""


def shipped(key: str) -> RuleSet:
    """Return the decision table that this release ships; raises ``UnknownRuleSetError`` and ``RuleSetError``."""
    return library().table(key)


def shipped_keys() -> list[str]:
    """Return the keys of all decision tables that this release ships."""
    return library().tables


def library() -> Library:
    """Return every rule set that this release ships, each loaded once."""
    return _library(packages())


def standing(session: Session) -> Standing:
    """Return what is shipped, with what was changed since in its place; it is looked up once in a transaction."""
    kept: tuple[Standing, object] | None = session.info.get(_FOUND)
    if kept is None or kept[1] is not session.get_transaction():
        kept = _standing(session), session.get_transaction()
        session.info[_FOUND] = kept
    return kept[0]


def _standing(session: Session) -> Standing:
    changes = tuple((row.key, row.version, row.digest) for row in direct(session, _CHANGED, {}))
    known = (library(), changes)
    if known not in _STANDING:
        while len(_STANDING) >= _MOST_STANDING:
            _STANDING.popitem()
        changed = tuple(published(session, key, version) for key, version, _ in changes)
        _STANDING[known] = Standing(library(), changed)
    return _STANDING[known]


def table_purposes() -> OfTables:
    """Return what the tables that this release ships are asked for."""
    return _table_purposes(packages())


def agenda_of(session: Session, key: str, version: str, digest: str) -> Agenda:
    """Return exactly these rule sets together, from the release or from what was published.

    Raises ``UnknownRuleSetError``.
    """
    named = list(zip(key.split(JOINED), version.split(JOINED), strict=True))
    with suppress(UnknownRuleSetError, RuleSetError):
        found = agenda(tuple(_shipped_version(*one) for one in named))
        if found.digest == digest:
            return found
    found = agenda(tuple(_published(session, *one) for one in named))
    if found.digest != digest:
        raise UnknownRuleSetError(f"{key} {version}", [f"{found.key} {found.version} with another content"])
    return found


def _shipped_version(key: str, version: str) -> Member:
    found: AnySet = shipped(key) if key in shipped_keys() else library().exactly(key, version)
    if found.version != version or isinstance(found, ComplianceCheck):
        raise UnknownRuleSetError(f"{key} {version}", [f"{key} {found.version}"])
    return found


def published(session: Session, key: str, version: str) -> AnySet:
    """Return a rule set as it was published; raises ``UnknownRuleSetError``."""
    query = sa.select(RuleSetVersion.content).where(RuleSetVersion.key == key, RuleSetVersion.version == version)
    content = session.scalar(query)
    if content is None:
        known = session.scalars(sa.select(RuleSetVersion.version).where(RuleSetVersion.key == key))
        raise UnknownRuleSetError(f"{key} {version}", [f"{key} {one}" for one in known])
    return read(key, version, content)


def listed(
    connection: Session | sa.Connection, key: str | None = None
) -> Sequence[sa.Row[str, str, str, dt.datetime, str | None]]:
    """Return key, version, digest, day of publishing and origin of every published version, or of those of *key*."""
    kept = RuleSetVersion
    columns = (kept.key, kept.version, kept.digest, kept.published_at, kept.origin)
    query = sa.select(*columns) if key is None else sa.select(*columns).where(RuleSetVersion.key == key)
    return connection.execute(query).all()


def _published(session: Session, key: str, version: str) -> Member:
    found = published(session, key, version)
    if isinstance(found, ComplianceCheck):
        raise UnknownRuleSetError(f"{key} {version}", [])
    return found


def publish(session: Session, rule_set: AnySet, by: Actor) -> bool:
    """Keep a shipped rule set for ever, with its event; return whether it is new. The caller commits.

    Raises :class:`PublishedOtherwiseError` when the same version was published with another content.
    """
    return not _is_there(session, rule_set) and keep(session, rule_set, content_of(rule_set), by)


def keep(session: Session, rule_set: AnySet, content: str, by: Actor, origin: str | None = None) -> bool:
    """Keep a rule set for ever, with all its files as JSON; return whether it is new. The caller commits.

    *origin* is the reference of the case by which the rules were changed. Raises :class:`PublishedOtherwiseError` when
    the same version was published with another content.
    """
    row = {
        "key": rule_set.key,
        "version": rule_set.version,
        "digest": rule_set.digest,
        "content": content,
        "published_at": clock.now(),
        "by": str(by.id or by.name),
        "origin": origin,
    }
    described = {name: row[name] for name in ("key", "version", "digest", "origin") if row[name]}
    # The event locks the stream of the configuration: of two who publish at once the second finds the row there.
    events.append("config", Event.RULES_PUBLISHED, by, session=session, subject=described)
    is_new = not _is_there(session, rule_set)
    if is_new:
        session.info.pop(_FOUND, None)
        session.execute(sa.insert(table(RuleSetVersion)), [row])
    return is_new


@functools.lru_cache(maxsize=64)
def read(key: str, version: str, content: str) -> AnySet:
    """Return the rule set that a published content holds."""
    with tempfile.TemporaryDirectory(prefix="rules-") as name:
        root = Path(name)
        for path, text in json.loads(content).items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        if (root / FILE).is_file():
            return load(root)
        return Library((), (root,)).exactly(key, version)


def content_of(rule_set: AnySet) -> str:
    """Return every file of a shipped rule set as one text."""
    if isinstance(rule_set, RuleSet):
        folder = catalog.folders(packages())[rule_set.key]
        files = sorted(path for path in folder.rglob("*") if path.suffix in {".toml", ".txt"})
        texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}
    else:
        texts = library().content_of(rule_set)
    return json.dumps(texts, ensure_ascii=False, sort_keys=True)


def _is_there(session: Session, rule_set: AnySet) -> bool:
    digest = session.scalar(
        sa.select(RuleSetVersion.digest).where(
            RuleSetVersion.key == rule_set.key, RuleSetVersion.version == rule_set.version
        )
    )
    if digest not in {None, rule_set.digest}:
        raise PublishedOtherwiseError(
            f"{rule_set.key} {rule_set.version} was published with another content, and what is published never "
            "changes. Give the changed rule set a new version."
        )
    return digest is not None


@functools.cache
def _library(where: tuple[str, ...]) -> Library:
    return Library(where)


@functools.cache
def _table_purposes(where: tuple[str, ...]) -> OfTables:
    return {
        key: found
        for package in where
        for key, found in read_purposes(Path(str(resources.files(package))) / "rules").items()
    }


def packages() -> tuple[str, ...]:
    """Return the packages whose rule sets this installation ships."""
    found: tuple[str, ...] = current_app.config["SETTINGS"].workflow_packages
    return found
