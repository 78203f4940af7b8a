"""The query for a case under its reference, as far as somebody may see it."""

from __future__ import annotations

from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from compliance.authz import Actor, visible_to
from compliance.engine.case import Case


def query(model: type[Case], actor: Actor, *, lock: bool) -> sa.Select[Case]:
    """Return the query for what *actor* sees under the reference that it is given as ``sought``."""
    return _query(model, actor.sight, lock=lock)


@lru_cache(maxsize=200)
def _query(model: type[Case], sight: Actor, *, lock: bool) -> sa.Select[Case]:
    """Return the query, built once for all requests of somebody with the same rights."""
    found = sa.select(model).where(model.reference == sa.bindparam("sought"), visible_to(sight, model))
    if not lock:
        return found
    # Its client comes along: whatever is done to a case goes by the client's settings.
    found = found.options(joinedload(model.organisation, innerjoin=True))
    return found.with_for_update(of=model).execution_options(populate_existing=True)
