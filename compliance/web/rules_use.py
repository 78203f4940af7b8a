"""Where a version of a rule set was used: the cases that stand decided under it, as far as the reader sees them."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from compliance.door import actor
from compliance.engine import where_used
from compliance.engine.errors import NotAllowedError
from compliance.engine.paging import PAGE_SIZE, BadCursorError
from compliance.kernel.db import session
from compliance.kernel.ids import as_id
from compliance.web import rows
from compliance.web.rules import edition_of

blueprint = Blueprint("rules_use", __name__)


@blueprint.get("/rules/<key>/cases")
def listing(key: str) -> ResponseReturnValue:
    """List the cases, what was decided last first."""
    reader = actor()
    if not reader.is_staff:
        raise NotAllowedError("Where rules were used is for the desk.")
    rules = edition_of(key, request.args.get("version")).rules
    before = as_id(request.args.get("before"))
    if request.args.get("before") and before is None:
        raise BadCursorError("This page address is damaged. Go back to the first page of the list.")
    digests = where_used.digests(session(), key, rules.version)
    found = where_used.page(session(), digests, reader, before, PAGE_SIZE + 1)
    here = partial(url_for, "rules_use.listing", key=key, version=rules.version)
    return render_template(
        "rules/cases.html",
        rules=rules,
        rows=rows.rows_of([row[0] for row in found[:PAGE_SIZE]], reader),
        count=where_used.count(session(), digests, reader),
        most=where_used.MOST_COUNTED,
        next_href=here(before=str(found[PAGE_SIZE - 1][1])) if len(found) > PAGE_SIZE else None,
        first_href=here() if before else None,
        back=url_for("rules.show", key=key, version=rules.version),
    )
