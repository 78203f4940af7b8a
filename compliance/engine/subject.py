"""What the event of a case says of it beside its changes, so that the record vouches for columns that are no terms."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from compliance.engine.move import Move

# Columns of people and companies beside the client, by the word under which an event names each; null is nobody.
NAMED: Final = {"worker": "worker_id", "agency": "worker_organisation_id"}


def of(move: Move, name: str) -> dict[str, Any]:
    """Return the subject of the event that *move* writes under *name*."""
    case = move.case
    found: dict[str, Any] = {"content": case.content_version, "digest": case.content_digest}
    if move.actor.batch:
        found["batch"] = move.actor.batch
    if name == "open":
        found |= {"reference": case.reference, "sample": case.sample, "team": plain(case.team_id)}
    return found | _people(case)


def _people(case: Any) -> dict[str, str | None]:  # noqa: ANN401 - the process's own model
    """Return who works on the case now, where that has changed."""
    attributes = sa.inspect(case).attrs
    changed = {word for word, column in NAMED.items() if attributes[column].history.has_changes()}
    return {word: plain(getattr(case, column)) for word, column in NAMED.items() if word in changed}


def plain(value: object) -> str | None:
    """Return an id as an event writes it; null is nobody."""
    return None if value is None else str(value)
