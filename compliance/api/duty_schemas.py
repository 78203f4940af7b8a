"""The parts of the description that say what the parties of a case must do by law."""

from __future__ import annotations

from typing import Any, Final

from compliance.rules.checks.check import State
from compliance.rules.legal.model import Source

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_TERM: Final[dict[str, Any]] = {
    "days": {"type": "integer"},
    "kind": {**_TEXT, "enum": ["calendar_days", "working_days"]},
    "after": {**_TEXT, "description": "From what on it is counted."},
    "on": {"type": ["string", "null"], "format": "date", "description": "The day, where the case tells it."},
}
SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "LawThatMayApply": {
        "rule_set": _TEXT,
        "version": _TEXT,
        "digest": _TEXT,
        "title": _TEXT,
        "places": {**_TEXTS, "description": "Because of which places of the case."},
        "outcome": {**_TEXT, "enum": ["applies", "needs_review"], "description": "For review while something is open."},
        "applies_when": _TEXT,
        "excluded": _TEXT,
        "duties": {"type": "array", "items": "Duty"},
        "open": {**_TEXTS, "description": "What is asked and not known of the case."},
        "consequences": _TEXT,
        "facts": {"type": "array", "items": "KnownFact"},
    },
    "Duty": {
        "key": _TEXT,
        "text": _TEXT,
        "who": {**_TEXT, "description": "Who has to see to it."},
        "state": {**_TEXT, "enum": [one.value for one in State]},
        "due": {
            "type": ["object", "null"],
            "properties": _TERM,
            "required": list(_TERM),
            "additionalProperties": False,
        },
        "citation": _TEXT,
        "source": {**_TEXT, "enum": [one.value for one in Source]},
    },
    "KnownFact": {
        "question": _TEXT,
        "answer": _TEXT,
        "basis": _TEXT,
        "told_by": {**_TEXT, "description": "Which party told it; empty where the case itself says it."},
    },
}
