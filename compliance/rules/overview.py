"""Every rule set at a glance: what the release ships, what the database keeps for ever, and what is in force where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

import sqlalchemy as sa

from compliance.rules.command import everything
from compliance.rules.library import AnySet
from compliance.rules.store import RuleSetVersion

ONLY_ON_DISK: Final = "only on disk"
Kept = dict[tuple[str, str], sa.Row[str, str, str, dt.datetime]]


def lines(packages: tuple[str, ...], engine: sa.Engine, today: dt.date) -> Iterator[str]:
    """Yield each rule set with where it is kept, then by place what is in force. Raises ``RuleSetError``."""
    kept = published(engine)
    shipped = list(everything(packages))
    known = {(one.key, one.version) for one in shipped}
    for one in shipped:
        yield _line(one.key, one.version, one.digest, f"{_state(one, kept, today)}  {one.about.title}")
    for (key, version), row in sorted(kept.items()):
        if (key, version) not in known:
            yield _line(key, version, row.digest, f"published since {row.published_at:%Y-%m-%d}, no longer on disk")
    yield ""
    yield f"In force on {today}, by place:"
    for place in sorted({one.about.jurisdiction for one in shipped}):
        there = [one for one in shipped if one.about.jurisdiction == place and _is_in_force(one, today)]
        yield f"  {place:8} {', '.join(f'{one.key} {one.version}' for one in _newest(there)) or 'none'}"


def published(engine: sa.Engine) -> Kept:
    """Return every version that the database keeps; none before it has its tables."""
    if not sa.inspect(engine).has_table(RuleSetVersion.__tablename__):
        return {}
    columns = (RuleSetVersion.key, RuleSetVersion.version, RuleSetVersion.digest, RuleSetVersion.published_at)
    with engine.connect() as connection:
        return {(row.key, row.version): row for row in connection.execute(sa.select(*columns))}


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
    return f"{found:26} {'in force' if _is_in_force(one, today) else 'not in force':12}"


def _is_in_force(one: AnySet, day: dt.date) -> bool:
    first, last = one.about.effective_from, one.about.effective_to
    return (first is None or first <= day) and (last is None or day <= last)


def _newest(found: Sequence[AnySet]) -> list[AnySet]:
    """Return the last version of each set; they come the newest last."""
    return list({one.key: one for one in found}.values())
