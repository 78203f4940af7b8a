"""For whom somebody works, as the cases say."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from compliance.engine.case import Case
from compliance.kernel.db import session


def works_elsewhere(person_id: uuid.UUID, organisation_id: uuid.UUID | None) -> bool:
    """Tell whether a person is the freelancer of a case of another organisation."""
    query = sa.select(Case.id).where(
        Case.worker_id == person_id, Case.organisation_id.is_distinct_from(organisation_id)
    )
    return session().scalar(query.limit(1)) is not None
