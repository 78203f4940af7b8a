"""The lists of cases: the desk's queue over all kinds, and the list of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from compliance.authz import ONLY_READS, SEES_ALL, Actor, Role, visible_to
from compliance.door import actor
from compliance.engine import paging, telling
from compliance.engine.case import Case
from compliance.engine.definition import Workflow
from compliance.engine.errors import NotAllowedError
from compliance.engine.registry import registry
from compliance.kernel.db import session
from compliance.kernel.ids import as_id
from compliance.people.models import Organisation
from compliance.web import filters, places, rows, views
from compliance.web.addresses import case_href
from compliance.web.filters import OF_A_KIND, ON_DESK, VIEWS, YES, Filters

ONLY_FOR_THE_DESK: Final = "The queue is for the people of the desk."
# What an empty list says: title, sentence, and where to go from there (label and view).
EMPTY: Final = {
    "mine": (
        "Nothing is yours right now",
        "What you claim or are given stands here, what is due first on top.",
        "open",
    ),
    "open": ("Everything is claimed", "What waits for the desk and is held by nobody stands here.", "all"),
    "all": ("Nothing waits for the desk", "What comes in stands here, what is due first on top.", None),
}
OUT_OF_SIGHT: Final = (
    "You do not work on cases",
    "Your role sees no cases, so none stands here, however many wait. The reviewers see them.",
    None,
)
ONLY_READING: Final = (
    "You do not work on cases",
    "You read them all and hold none. What waits for the desk stands under the other views.",
    "all",
)
NOT_IN_PANEL: Final = ("view", "me", "client", "holder", "sort")
GO_ON: Final = {"open": "See what is not claimed", "all": "See everything on the desk"}


def queue() -> ResponseReturnValue:
    """Show the desk's work over all kinds, most urgent first."""
    reader = desk_reader()
    start = views.start_of(views.QUEUE, reader)
    if start and not request.args:
        return redirect(start)
    chosen = Filters.read(request.args, ON_DESK)
    return _queue_page(reader, chosen if chosen.get("view") else came_from(chosen.query))


def _empty(reader: Actor, view: str) -> tuple[str, str, str | None]:
    """Return what an empty queue says to *reader*; whoever sees no cases is not told that there are none."""
    if not reader.roles & SEES_ALL:
        return OUT_OF_SIGHT
    return ONLY_READING if view == "mine" and reader.roles <= ONLY_READS else EMPTY[view]


def _way_on(reader: Actor, view: str | None) -> tuple[str, str] | tuple[None, None]:
    """Return label and address of where an empty queue sends *reader*."""
    if view:
        return GO_ON[view], href(Filters({"view": view}))
    if not reader.roles & SEES_ALL and Role.ADMINISTRATOR in reader.roles:
        return "Go to the administration", url_for("administration.overview")
    return None, None


def listing(kind: str) -> ResponseReturnValue:
    """Show the cases of one kind that the reader may see."""
    reader, workflow = actor(), registry().process(kind).workflow
    start = views.start_of(kind, reader)
    if start and not request.args:
        return redirect(start)
    chosen = Filters.read(request.args, OF_A_KIND)
    page = page_of(reader, chosen, Case.kind == kind)
    new = places.open_to(reader, workflow)
    several = len({grant.organisation_id for grant in reader.grants} - {None}) != 1
    # The bare address opens the start view, so that everything then needs an address that says more.
    everything = Filters({"sort": "due"} if start else {})
    return render_template(
        "queues/list.html",
        workflow=workflow,
        rows=rows.rows_of(page.cases, reader),
        tabs=_tabs(
            [("All", everything), ("Waiting for you", Filters({"me": YES}))], chosen, views.tabs(kind, reader, chosen)
        ),
        list_key=kind,
        columns=[column for column in columns(chosen, by_age=False) if several or column["label"] != "Client"],
        several=several,
        new_href=url_for(f"cases.{kind}_opening") if new else None,
        import_href=url_for(f"imports.{kind}_bring") if new and not workflow.of_programme else None,
        empty=_nothing_of(workflow, chosen, may_open=bool(new)),
        **common(reader, chosen, page, Case.kind == kind, of=workflow),
    )


def desk_reader() -> Actor:
    """Return the reader, who belongs to the desk; raises :class:`NotAllowedError`."""
    reader = actor()
    if not reader.is_staff:
        raise NotAllowedError(ONLY_FOR_THE_DESK)
    return reader


def page_of(reader: Actor, chosen: Filters, *more: sa.ColumnElement[bool]) -> paging.Page:
    """Return the page of cases that the address names."""
    conditions = [visible_to(reader, Case), *more, *chosen.conditions(reader)]
    if before := request.args.get("before"):
        return paging.backwards(session(), conditions, chosen.order, before)
    return paging.forwards(session(), conditions, chosen.order, request.args.get("after"))


def next_in(reader: Actor, chosen: Filters, case: Case | None, *, skip: bool) -> Case | None:
    """Return the first case of a queue other than *case*; with *skip* the one after it, if any comes after it."""
    conditions, order = [visible_to(reader, Case), *chosen.conditions(reader)], chosen.order
    if case is not None:
        conditions.append(Case.id != case.id)
    after = order.read(case) if case is not None and skip else None
    found = paging.forwards(session(), conditions, order, after, size=1).cases
    if not found and after:
        found = paging.forwards(session(), conditions, order, None, size=1).cases
    return found[0] if found else None


def onward() -> ResponseReturnValue:
    """Go on from the case that the address names to the next one in its reader's queue."""
    reader = desk_reader()
    here = sa.select(Case).where(Case.reference == request.args.get("after", "")[:40], visible_to(reader, Case))
    case = session().scalars(here).one_or_none()
    return redirect(next_href(reader, request.args.get("queue", ""), case, skip=True))


def next_href(reader: Actor, query: str, case: Case | None, *, skip: bool = False) -> str:
    """Return the address of the case to go on with in the queue that *query* describes, or of that queue.

    It is the most urgent one other than *case*, or with *skip* the one that comes after it.
    """
    chosen = came_from(query)
    found = next_in(reader, chosen, case, skip=skip)
    return case_href(found, chosen.query) if found else chosen.href("cases.queue")


def came_from(query: str) -> Filters:
    """Return the queue that *query* describes: what is one's own, unless it says otherwise."""
    chosen = Filters.parse(query, ON_DESK)
    return chosen if chosen.get("view") else chosen.but(view="all" if chosen.narrowing else "mine")


def href(chosen: Filters, **more: str | None) -> str:
    """Return this list's address with other filters."""
    return chosen.href(request.endpoint or "", **more)


def common(
    reader: Actor, chosen: Filters, page: paging.Page, *more: sa.ColumnElement[bool], of: Workflow | None
) -> dict[str, Any]:
    """Return what every list shows beside its rows: filters, tags, pages, and what to drop when nothing matches."""
    names = _names(chosen)
    cleared = Filters({key: value for key, value in chosen.values.items() if key in {"view", "me"}})
    tags = [
        {
            "key": key,
            "label": filters.LABELS[key],
            "value": filters.in_words(key, chosen.get(key), names),
            "remove_href": href(chosen.but(**{key: None})),
        }
        for key in chosen.narrowing
    ]
    drop = _what_to_drop(reader, chosen, tags, *more) if not page.cases else []
    at_start = not (request.args.get("after") or request.args.get("before"))
    return {
        "filters": chosen,
        "panel": filters.panel(chosen, of),
        "kept": [(key, chosen.get(key)) for key in NOT_IN_PANEL if chosen.get(key)],
        "tags": tags,
        "drop": drop,
        "clear_href": href(cleared),
        "action": url_for(request.endpoint or ""),
        "next_href": href(chosen, after=page.after) if page.after else None,
        "previous_href": href(chosen, before=page.before) if page.before else None,
        "first_href": None if at_start else href(chosen),
        "here": href(chosen),
    }


def columns(chosen: Filters, *, by_age: bool) -> list[dict[str, Any]]:
    """Return the heads of a list's columns; those that an index serves can be sorted by."""
    found: list[dict[str, Any]] = [
        {"label": label} for label in ("Reference", "Client", "State", "Age", "Who acts", "Due")
    ]
    _sortable(found[5], chosen, "due")
    if by_age:
        _sortable(found[3], chosen, "age")
    return found


def _queue_page(reader: Actor, chosen: Filters) -> ResponseReturnValue:
    page = page_of(reader, chosen)
    view = chosen.get("view")
    title, sentence, onward = _empty(reader, view)
    return render_template(
        "queues/queue.html",
        rows=rows.rows_of(page.cases, reader, queue=chosen.query),
        tabs=_tabs(
            [(label, Filters({"view": key})) for key, label in VIEWS.items()],
            chosen,
            views.tabs(views.QUEUE, reader, chosen),
        ),
        list_key=views.QUEUE,
        columns=columns(chosen, by_age=chosen.on_desk),
        may_assign=_may_assign(reader),
        look_up=[
            ("Choose a client", chosen.href("cases.clients")),
            ("Choose who holds it", chosen.href("cases.holders")),
        ],
        empty=(title, sentence, *_way_on(reader, onward)),
        **common(reader, chosen, page, of=None),
    )


def _may_assign(who: Actor) -> bool:
    """Tell whether *who* may give cases of any kind to colleagues."""
    actions = (flow.action("assign") for flow in registry())
    return any(action is not None and who.roles & action.allow.roles for action in actions)


def _tabs(found: Sequence[tuple[str, Filters]], chosen: Filters, saved: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lists that are always there, then the saved views; one of them is the current one."""
    in_saved = any(tab["current"] for tab in saved)

    def is_current(one: Filters) -> bool:
        return not in_saved and all(one.get(key) == chosen.get(key) for key in ("view", "me"))

    return [{"label": label, "href": href(one), "current": is_current(one)} for label, one in found] + saved


def _sortable(column: dict[str, Any], chosen: Filters, key: str) -> None:
    now = chosen.get("sort") or "due"
    column["sort_href"] = href(chosen.but(sort=f"-{key}" if now == key else key))
    column["sort"] = {key: "ascending", f"-{key}": "descending"}.get(now, "none")


def _names(chosen: Filters) -> dict[str, str]:
    """Return the names of the client and the holder that a list is filtered by."""
    found = telling.names_of(session(), [chosen.get("holder")])
    if client := as_id(chosen.get("client")):
        name = session().scalar(sa.select(Organisation.name).where(Organisation.id == client))
        found |= {chosen.get("client"): name} if name else {}
    return found


def _what_to_drop(
    reader: Actor, chosen: Filters, tags: list[dict[str, Any]], *more: sa.ColumnElement[bool]
) -> list[dict[str, Any]]:
    """Return the filters without any one of which something would be shown."""
    helpful = [tag for tag in tags if _finds(reader, chosen.but(**{str(tag["key"]): None}), *more)]
    if chosen.on_desk and _finds(reader, chosen.but(waits=filters.ANYONE), *more):
        anyone = href(chosen.but(waits=filters.ANYONE))
        helpful.append({"label": filters.LABELS["waits"], "value": "the desk", "remove_href": anyone})
    if chosen.get("me") and _finds(reader, chosen.but(me=None), *more):
        helpful.append({"label": filters.LABELS["me"], "value": "you", "remove_href": href(chosen.but(me=None))})
    if chosen.get("view") not in {"", "all"} and _finds(reader, chosen.but(view="all"), *more):
        view = VIEWS[chosen.get("view")]
        helpful.append({"label": "View", "value": view, "remove_href": href(chosen.but(view="all"))})
    return helpful


def _finds(reader: Actor, chosen: Filters, *more: sa.ColumnElement[bool]) -> bool:
    query = sa.select(Case.id).where(visible_to(reader, Case), *more, *chosen.conditions(reader)).limit(1)
    return session().scalar(query) is not None


def _nothing_of(workflow: Workflow, chosen: Filters, *, may_open: bool) -> tuple[str, str, str | None, str | None]:
    """Return what the list of a kind says before there is anything in it."""
    name = workflow.title.lower()
    if chosen.get("me"):
        return "Nothing waits for you", f"When it is your turn with one, the {name} stands here.", None, None
    label, address = f"New {name}", url_for(f"cases.{workflow.kind}_opening")
    sentence = f"Every {name} that concerns you stands here, with whose turn it is and by when."
    return f"No {name} yet", sentence, *((label, address) if may_open else (None, None))
