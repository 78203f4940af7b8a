"""What the parties of a case must do by law, for its page and for the statement of a determination."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from compliance.authz import Actor
from compliance.engine import duties_told
from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.kernel.db import session
from compliance.rules.checks.check import State
from compliance.rules.explained import Written
from compliance.rules.legal.model import Source
from compliance.rules.told.parts import SOURCES, anchor
from compliance.web import rules_check, rules_links


def panel(case: Case, workflow: Workflow, reader: Actor) -> list[dict[str, Any]]:
    """Return what follows for *case* as it stands, as far as *reader* may know it."""
    return [_check(one) for one in duties_told.now(session(), case, workflow, reader)]


def as_kept(kept: Iterable[Mapping[str, Any]], case: Case, workflow: Workflow, reader: Actor) -> list[dict[str, Any]]:
    """Return what was kept with a determination, as far as *reader* may know it."""
    return [_check(one) for one in duties_told.kept(kept, case, workflow, reader)]


def _check(one: Mapping[str, Any]) -> dict[str, Any]:
    words, tone = rules_check.OUTCOMES[one["outcome"]]
    return {
        "title": one["title"],
        "href": rules_links.to_set(one["rule_set"], one["version"]),
        "version": f"{one['title']}, version {one['version']}, digest {one['digest'][:12]}…",
        "outcome": words if one["outcome"] == "applies" else "May apply: not all of it is known",
        "tone": tone,
        "applies_when": one["applies_when"],
        "excluded": one["excluded"],
        "consequences": one["consequences"],
        "duties": [_duty(one, duty) for duty in one["duties"] if duty["state"] != State.NOT_DUE],
        "open": one["open"],
        "facts": [{"label": fact["question"], "value": f"{fact['answer']} ({fact['basis']})"} for fact in one["facts"]],
    }


def _duty(one: Mapping[str, Any], duty: Mapping[str, Any]) -> dict[str, Any]:
    written = Written(one["rule_set"], one["version"], anchor("Duty", duty["key"]))
    state, tone = rules_check.STATES[duty["state"]]
    return {
        "text": duty["text"],
        "who": duty["who"],
        "due": _due(duty["due"]),
        "state": state,
        "tone": tone,
        "citation": duty["citation"],
        "source": SOURCES[Source(duty["source"])],
        "href": rules_links.to_place(written),
    }


def _due(due: Mapping[str, Any] | None) -> str:
    """Say by when: the day where it is known, and otherwise from what on it is counted."""
    if due is None:
        return ""
    term = f"{due['days']} {due['kind'].replace('_', ' ')} after {due['after']}"
    return f"{dt.date.fromisoformat(due['on']):%d %B %Y}, {term}" if due["on"] else term
