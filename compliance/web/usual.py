"""What a client chose most of late, put first where there is very much to choose from."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Final

import sqlalchemy as sa
from wtforms import Form

from compliance.authz import Actor, visible_to
from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.engine.suggesting import UsualFirst
from compliance.kernel.db import session

LOOKED_AT: Final = 50
MOST: Final = 5


def lead(form: Form, workflow: Workflow, organisation_id: uuid.UUID, reader: Actor) -> None:
    """Let each long choice of *form* begin with what the client's newest cases say, as far as *reader* sees them."""
    for field in form:
        column = getattr(workflow.model, field.short_name, None)
        if isinstance(field, UsualFirst) and column is not None:
            newest = (
                sa.select(column)
                .where(workflow.model.organisation_id == organisation_id, visible_to(reader, Case))
                .order_by(workflow.model.id.desc())
                .limit(LOOKED_AT)
            )
            field.lead_with([value for value, _ in Counter(session().scalars(newest)).most_common(MOST)])
