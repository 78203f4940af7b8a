"""Lists by name, a page at a time: a page begins after the name and id of the row before, never after a count."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any, Final

import sqlalchemy as sa
from flask import request, url_for

from compliance.engine.paging import BadCursorError
from compliance.kernel.db import session

PAGE_SIZE: Final = 50
LONGEST: Final = 2000


def by_name(query: sa.Select[Any], model: Any) -> tuple[list[Any], str | None]:  # noqa: ANN401 - any row with name and id
    """Return this page of the rows of *query*, and the address of the next one."""
    query = query.order_by(model.name, model.id).limit(PAGE_SIZE + 1)
    if after := request.args.get("after"):
        name, row_id = _read(after)
        key = sa.tuple_(sa.literal(name, model.name.type), sa.literal(row_id, model.id.type))
        query = query.where(sa.tuple_(model.name, model.id) > key)
    found = list(session().scalars(query))
    if len(found) <= PAGE_SIZE:
        return found, None
    last = found[PAGE_SIZE - 1]
    asked = {**request.view_args, **request.args.to_dict()} if request.view_args else request.args.to_dict()
    return found[:PAGE_SIZE], url_for(request.endpoint or "", **{**asked, "after": _write(last.name, last.id)})


def sought() -> str:
    """Return what the reader searches for."""
    return request.args.get("q", "").replace("\0", "").strip()[:100]


def _write(name: str, row_id: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(f"{row_id}|{name}".encode()).decode()


def _read(cursor: str) -> tuple[str, uuid.UUID]:
    try:
        row_id, _, name = base64.urlsafe_b64decode(cursor[:LONGEST].encode()).decode().partition("|")
        return name.replace("\0", ""), uuid.UUID(row_id)
    except (ValueError, binascii.Error):
        raise BadCursorError("This page address is damaged. Go back to the first page of the list.") from None
