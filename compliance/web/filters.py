"""The filters of a list. They live in its address, so that a list can be sent to a colleague or kept as a view."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

import sqlalchemy as sa
from flask import url_for
from wtforms import BooleanField, DateField, Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs

from compliance.authz import Actor
from compliance.engine import inputs, turns, words
from compliance.engine.case import Case
from compliance.engine.definition import Party, Workflow
from compliance.engine.errors import EngineError
from compliance.engine.paging import MOST_URGENT, Order
from compliance.engine.registry import registry
from compliance.kernel.ids import as_id

NOBODY: Final = "nobody"
ANYONE: Final = "anyone"
YES: Final = "yes"
ON_DESK: Final = ("view", "kind", "state", "client", "holder", "waits", "late", "due", "text", "sort")
OF_A_KIND: Final = ("me", "state", "late", "due", "text", "sort")
VIEWS: Final = {"mine": "Mine", "open": "Not claimed", "all": "Everything"}
SORTS: Final = {
    "due": MOST_URGENT,
    "-due": Order(Case.urgent_at, descending=True),
    "age": Order(Case.entered_at),
    "-age": Order(Case.entered_at, descending=True),
}
# What narrows a list; the others say where to look and in which order.
NARROWING: Final = ("kind", "state", "client", "holder", "waits", "late", "due", "text")
LABELS: Final = {
    "kind": "Kind",
    "state": "State",
    "client": "Client",
    "holder": "Held by",
    "waits": "Waits for",
    "late": "Late",
    "due": "Due before",
    "text": "Words",
    "me": "Waits for",
}


class BadFilterError(EngineError):
    """The address filters by something that does not exist."""

    status = 400
    code = "bad_filter"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list shows: the known parameters of its address, each checked."""

    values: Mapping[str, str]

    @classmethod
    def read(cls, given: Mapping[str, str], keys: Iterable[str]) -> Filters:
        """Return the filters among *given*; raises :class:`BadFilterError` for a value that cannot be."""
        found = {key: given[key].strip()[:100] for key in keys if given.get(key, "").strip()}
        for key, value in found.items():
            if not CHECKS[key](value):
                raise BadFilterError(
                    f"“{value}” is no value for “{LABELS.get(key, key)}”. Choose one from the filters."
                )
        return cls(found)

    @classmethod
    def parse(cls, query: str, keys: Iterable[str]) -> Filters:
        """Return the filters of the query part of an address; what cannot be is left out."""
        pairs = dict(parse_qsl(query[:2000]))
        return cls.read({key: value for key, value in pairs.items() if key in CHECKS and CHECKS[key](value)}, keys)

    @property
    def query(self) -> str:
        """The filters as the query part of an address, always in the same order."""
        return urlencode({key: self.values[key] for key in CHECKS if key in self.values})

    def href(self, endpoint: str, **more: str | None) -> str:
        """Return the address of a list with these filters."""
        added = urlencode({key: value for key, value in more.items() if value})
        query = "&".join(part for part in (self.query, added) if part)
        return url_for(endpoint) + (f"?{query}" if query else "")

    @property
    def narrowing(self) -> list[str]:
        """The filters that hide rows."""
        return [key for key in NARROWING if key in self.values]

    def get(self, key: str) -> str:
        """Return the value of a filter, empty when it is not set."""
        return self.values.get(key, "")

    def but(self, **changes: str | None) -> Filters:
        """Return the same filters with some changed, or dropped by ``None``."""
        changed = {**self.values, **changes}
        return Filters({key: value for key, value in changed.items() if value})

    @property
    def order(self) -> Order:
        """The order asked for; by age only where an index of the desk serves it."""
        sort = self.get("sort")
        return SORTS.get(sort, MOST_URGENT) if "age" not in sort or self.on_desk else MOST_URGENT

    @property
    def on_desk(self) -> bool:
        """Whether only what waits for the desk is shown."""
        return "view" in self.values and "waits" not in self.values

    def conditions(self, reader: Actor) -> list[sa.ColumnElement[bool]]:
        """Return what a case meets to be shown; who may see it is asked beside this."""
        found = [CONDITIONS[key](self.values[key]) for key in CONDITIONS if key in self.values]
        if "me" in self.values:
            found.append(turns.waiting_for(reader))
        if "text" in self.values:
            found += words.matching(self.values["text"])
        if self.on_desk:
            found.append(sa.and_(Case.desk))
        if self.get("view") == "mine":
            found.append(turns.held_by(reader))
        elif self.get("view") == "open":
            found.append(Case.holder_id.is_(None))
        return found


def _is_kind(value: str) -> bool:
    return any(value == workflow.kind for workflow in registry())


def _is_state(value: str) -> bool:
    return any(value in set(workflow.states) for workflow in registry())


def _is_date(value: str) -> bool:
    try:
        return dt.date.fromisoformat(value).year > 1
    except ValueError:
        return False


def _is_readable(value: str) -> bool:
    return "\0" not in value and inputs.encodes(value)


def _is_id(value: str) -> bool:
    return as_id(value) is not None


def _in_state(value: str) -> sa.ColumnElement[bool]:
    """Return the condition of standing in a state, with the kinds that know it: the index begins with the kind."""
    kinds = [workflow.kind for workflow in registry() if value in set(workflow.states)]
    return sa.and_(Case.kind == kinds[0] if len(kinds) == 1 else Case.kind.in_(kinds), Case.state == value)


CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    "view": lambda value: value in VIEWS,
    "me": lambda value: value == YES,
    "kind": _is_kind,
    "state": _is_state,
    "client": _is_id,
    "holder": lambda value: value == NOBODY or _is_id(value),
    "waits": lambda value: value == ANYONE or value in set(Party),
    "late": lambda value: value == YES,
    "due": _is_date,
    "text": _is_readable,
    "sort": lambda value: value in SORTS,
}
CONDITIONS: Final[dict[str, Callable[[str], sa.ColumnElement[bool]]]] = {
    "kind": lambda value: Case.kind == value,
    "state": _in_state,
    "client": lambda value: Case.organisation_id == uuid.UUID(value),
    "holder": lambda value: Case.holder_id.is_(None) if value == NOBODY else Case.holder_id == uuid.UUID(value),
    "waits": lambda value: sa.true() if value == ANYONE else Case.waits_for == value,
    "late": lambda _value: sa.and_(Case.late),
    "due": lambda value: Case.urgent_at < dt.datetime.combine(dt.date.fromisoformat(value), dt.time(), dt.UTC),
}


class Panel(Form):
    """The filters that are filled in; client and holder are looked up on a page of their own."""

    kind = SelectField("Kind")
    state = SelectField("State")
    waits = SelectField("Waits for")
    due = DateField("Due before")
    text = StringField("Words of reference or title", description="Each word by its beginning.")
    late = BooleanField("Only what is late")


def panel(filters: Filters, of: Workflow | None) -> Panel:
    """Return the form that shows *filters*, for the list of one process or for all."""
    form = Panel(
        data={
            **{key: filters.get(key) for key in ("kind", "state", "waits", "text")},
            "late": bool(filters.get("late")),
            "due": dt.date.fromisoformat(filters.get("due")) if filters.get("due") else None,
        }
    )
    flows = [of] if of else list(registry())
    states = {state.value: flow.stage(state).label for flow in flows for state in flow.states}
    form.kind.choices = _choices("Every kind", {flow.kind: flow.title for flow in flows})
    form.state.choices = _choices("Every state", dict(sorted(states.items(), key=lambda item: item[1])))
    parties = {party.value: _upper(party.label) for party in Party}
    form.waits.choices = _choices("The desk", {ANYONE: "Anyone", **parties})
    form.late.render_kw = {"value": YES}
    if of is not None:
        del form.kind, form.waits
    return form


def in_words(key: str, value: str, names: Mapping[str, str]) -> str:
    """Return the value of a filter as people read it; *names* knows clients and holders by id."""
    if key in {"client", "holder"} and value != NOBODY:
        return names.get(value, "Somebody you cannot see")
    if key == "state":
        return next((flow.stage(value).label for flow in registry() if value in set(flow.states)), value)
    if key == "kind":
        return registry().process(value).workflow.title
    if key == "waits":
        return "anyone" if value == ANYONE else Party(value).label
    if key == "due":
        return f"{dt.date.fromisoformat(value):%d %B %Y}"
    return {"me": "you", "late": "yes", "holder": NOBODY}.get(key, value)


def _choices(first: str, found: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice("", first), *(SelectChoice(value, label) for value, label in found.items())]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
