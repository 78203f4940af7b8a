"""Opening an entry: its sealed values in clear, as far as they were not erased and are what was sealed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from compliance.audit import check_event

ERASED: Final = "Sealed; what opened it was erased"
ALTERED: Final = "Not shown: what is kept here is not what was sealed"


def opened(text: str, kept: Iterable[Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the entry *text* opened with *kept*, the rows of its openings, and what is wrong with those."""
    entry, rows = json.loads(text), list(kept)
    altered = dict(check_event.sealed_wrongly(check_event.seals(entry), rows))
    values = {row.path: ALTERED if row.path in altered else json.loads(row.value) for row in rows}
    return _open(entry, (), values), list(altered.values())


def closed(text: str, instead: str) -> dict[str, Any]:
    """Return the entry *text* with the sentence *instead* for each sealed value."""
    entry = json.loads(text)
    found: dict[str, Any] = _open(entry, (), dict.fromkeys(check_event.seals(entry), instead))
    return found


def _open(value: Any, path: tuple[str, ...], found: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        if set(value) == {check_event.SEAL}:
            return found.get("/".join(path), ERASED)
        return {key: _open(item, (*path, key), found) for key, item in value.items()}
    if isinstance(value, list):
        return [_open(item, (*path, str(index)), found) for index, item in enumerate(value)]
    return value
