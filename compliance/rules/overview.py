"""Every rule set at a glance: what the release ships, what the database keeps for ever, and what is in force where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

import sqlalchemy as sa

from compliance.rules import store
from compliance.rules.library import AnySet, Library
from compliance.rules.store import RuleSetVersion

ONLY_ON_DISK: Final = "only on disk"
Kept = dict[tuple[str, str], sa.Row[str, str, str, dt.datetime, str | None]]


def lines(packages: tuple[str, ...], engine: sa.Engine, today: dt.date) -> Iterator[str]:
    """Yield each rule set with where it is kept, then by place what is in force. Raises ``RuleSetError``."""
    kept = published(engine)
    shipped = list(Library(packages).everything())
    known = {(one.key, one.version) for one in shipped}
    for one in shipped:
        yield _line(one.key, one.version, one.digest, f"{_state(one, kept, today)}  {one.about.title}")
    for (key, version), row in sorted(kept.items()):
        if (key, version) not in known:
            whence = "by a change of the rules" if row.origin else "no longer on disk"
            yield _line(key, version, row.digest, f"published since {row.published_at:%Y-%m-%d}, {whence}")
    yield ""
    yield f"In force on {today}, by place:"
    for place in sorted({one.about.jurisdiction for one in shipped}):
        there = [one for one in shipped if one.about.jurisdiction == place and one.about.in_force(today)]
        yield f"  {place:8} {', '.join(f'{one.key} {one.version}' for one in _newest(there)) or 'none'}"


def published(engine: sa.Engine) -> Kept:
    """Return every version that the database keeps; none before it has its tables."""
    if not sa.inspect(engine).has_table(RuleSetVersion.__tablename__):
        return {}
    with engine.connect() as connection:
        return {(row.key, row.version): row for row in store.listed(connection)}


def _line(key: str, version: str, digest: str, rest: str) -> str:
    return f"{key:20} {version:8} {digest[:12]}  {rest}"


def _state(one: AnySet, kept: Kept, today: dt.date) -> str:
    row = kept.get((one.key, one.version))
    if row is None:
        found = ONLY_ON_DISK
    else:
        found = f"published since {row.published_at:%Y-%m-%d}"
        if row.digest != one.digest:
            found += " with another content"
    return f"{found:26} {'in force' if one.about.in_force(today) else 'not in force':12}"


def _newest(found: Sequence[AnySet]) -> list[AnySet]:
    """Return the last version of each set; they come the newest last."""
    return list({one.key: one for one in found}.values())
