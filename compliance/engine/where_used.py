"""Which cases stand decided under a version of a rule set.

A determination names all rule sets that were asked together, joined. There are few such combinations, each with its own
digest: they are read off an index first, and then the cases of those that hold the version.
"""

from __future__ import annotations

import uuid
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from compliance.authz import Actor, visible_to
from compliance.engine.case import Case
from compliance.engine.determination import Determination
from compliance.rules.agenda import JOINED

MOST_COUNTED: Final = 1_000


def digests(session: Session, key: str, version: str) -> list[str]:
    """Return the digest of every combination that was decided under and holds this version."""
    found = []
    for digest, keys, versions in session.execute(_COMBINATIONS):
        if (key, version) in zip(keys.split(JOINED), versions.split(JOINED), strict=True):
            found.append(digest)
    return found


def page(
    session: Session, found: list[str], reader: Actor, before: uuid.UUID | None, size: int
) -> list[sa.Row[Case, uuid.UUID]]:
    """Return cases with the determination that stands, the newest first; those before the one that *before* names."""
    standing = _standing(found, reader, before, size)
    if standing is None:
        return []
    query = sa.select(Case, standing.c.id).join(standing, standing.c.case_id == Case.id).order_by(standing.c.id.desc())
    return list(session.execute(query.limit(size)))


def count(session: Session, found: list[str], reader: Actor) -> int:
    """Return how many cases there are, counting no further than ``MOST_COUNTED`` and one."""
    standing = _standing(found, reader, None, MOST_COUNTED + 1)
    if standing is None:
        return 0
    limited = sa.select(standing.c.id).limit(MOST_COUNTED + 1).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(limited)) or 0


def _standing(found: list[str], reader: Actor, before: uuid.UUID | None, size: int) -> sa.Subquery | None:
    """Return the newest *size* standing determinations of each combination: the index serves each in order."""
    later = aliased(Determination)
    parts = []
    for digest in found:
        query = (
            sa.select(Determination.id, Determination.case_id)
            .join(Case, Case.id == Determination.case_id)
            .where(Determination.rule_digest == digest, visible_to(reader, Case))
            .where(~sa.exists().where(later.supersedes_id == Determination.id))
            .order_by(Determination.id.desc())
            .limit(size)
        )
        if before is not None:
            query = query.where(Determination.id < before)
        parts.append(sa.select(query.subquery()))
    return sa.union_all(*parts).subquery() if parts else None


def _combinations() -> sa.Select[str, str, str]:
    """Jump from one digest to the next along the index, and look one row up for each."""
    kept = aliased(Determination)
    first = sa.select(sa.func.min(Determination.rule_digest).label("digest"))
    walk = first.cte("walk", recursive=True)
    following = sa.select(sa.func.min(kept.rule_digest)).where(kept.rule_digest > walk.c.digest).scalar_subquery()
    walk = walk.union_all(sa.select(following).where(walk.c.digest.is_not(None)))
    one = aliased(Determination)
    newest = sa.select(one.id).where(one.rule_digest == walk.c.digest).order_by(one.id.desc()).limit(1)
    named = aliased(Determination)
    return (
        sa.select(walk.c.digest, named.rule_set, named.rule_version)
        .join(named, named.id == newest.scalar_subquery())
        .where(walk.c.digest.is_not(None))
    )


_COMBINATIONS: Final = _combinations()
