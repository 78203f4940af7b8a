"""Saved views: filters of a list under a name, opened with it or shared with the desk.

A view holds no rows, only the words of an address: whoever opens a shared one sees what they may see, and no more.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from compliance.authz import Actor
from compliance.door import actor
from compliance.engine import inputs
from compliance.engine.case import SavedView
from compliance.engine.definition import Tone
from compliance.engine.errors import EngineError, NotFoundError
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session, table
from compliance.people.models import Person, RoleGrant
from compliance.web.filters import OF_A_KIND, ON_DESK, Filters

QUEUE: Final = "queue"
MOST: Final = 50
LONGEST_NAME: Final = 60


class ViewError(EngineError):
    """A view that cannot be kept."""

    status = 422
    code = "view"


def keep() -> ResponseReturnValue:
    """Save the filters of a list under a name."""
    who, page = actor(), request.form.get("page", "")
    filters = Filters.parse(request.form.get("query", ""), keys_of(page, who))
    own = session().scalars(sa.select(SavedView).where(SavedView.person_id == who.id, SavedView.page == page)).all()
    if len(own) >= MOST:
        raise ViewError(f"You keep {MOST} views of this list already. Delete one first.")
    name = _free_name(request.form.get("name", ""), own)
    made = SavedView(person_id=who.id, page=page, name=name, query=filters.query, made_at=clock.now())
    try:
        with session().begin_nested():
            session().add(made)
    except IntegrityError:
        raise ViewError(_taken(name)) from None
    flash(f"Saved as “{name}”.", Tone.GOOD.value)
    return redirect(href(made), 303)


def manage() -> ResponseReturnValue:
    """Show the reader's own views with what can be done to each."""
    who = actor()
    own = session().scalars(
        sa.select(SavedView).where(SavedView.person_id == who.id).order_by(SavedView.page, SavedView.name)
    )
    rows = [{"view": view, "href": href(view), "page": _title(view.page)} for view in own if _is_page(view.page, who)]
    return render_template("queues/views.html", rows=rows, may_share=who.is_staff)


def change(view_id: uuid.UUID) -> ResponseReturnValue:
    """Rename one of the reader's views, open its list with it, share it, or delete it."""
    who, wish = actor(), request.form.get("wish", "")
    view = session().get(SavedView, view_id)
    if view is None or view.person_id != who.id or wish not in CHANGES:
        raise NotFoundError("You keep no such view.")
    CHANGES[wish](view, who)
    return redirect(url_for("cases.views"), 303)


def tabs(page: str, reader: Actor, chosen: Filters) -> list[dict[str, Any]]:
    """Return the reader's own views of a list and those that colleagues share, as tabs."""
    found = []
    for view in _of_page(page, reader):
        label = view.name if view.person_id == reader.id else f"{view.name} (shared)"
        found.append({"label": label, "href": href(view), "current": view.query == chosen.query})
    return found


def start_of(page: str, reader: Actor) -> str | None:
    """Return the address of the view that a list opens with."""
    query = sa.select(SavedView).where(SavedView.person_id == reader.id, SavedView.page == page, SavedView.starts)
    view = session().scalars(query.limit(1)).one_or_none()
    address = href(view) if view is not None else ""
    # A view whose filters exist no more says nothing, and would only lead back here.
    return address if "?" in address else None


def href(view: SavedView) -> str:
    """Return the address of the list with the filters of *view*."""
    endpoint = "cases.queue" if view.page == QUEUE else f"cases.{view.page}_listing"
    return Filters.parse(view.query, ON_DESK if view.page == QUEUE else OF_A_KIND).href(endpoint)


def keys_of(page: str, who: Actor) -> Iterable[str]:
    """Return the filters that a list knows; raises :class:`NotFoundError` for a list that the reader has not."""
    if not _is_page(page, who):
        raise NotFoundError("There is no such list.")
    return ON_DESK if page == QUEUE else OF_A_KIND


def _rename(view: SavedView, who: Actor) -> None:
    own = sa.select(SavedView).where(
        SavedView.person_id == who.id, SavedView.page == view.page, SavedView.id != view.id
    )
    view.name = _free_name(request.form.get("name", ""), session().scalars(own).all())
    session().flush()


def _start(view: SavedView, who: Actor) -> None:
    views, starts = table(SavedView), not view.starts
    mine = sa.and_(views.c.person_id == who.id, views.c.page == view.page)
    session().execute(sa.update(views).where(mine).values(starts=sa.false()))
    session().execute(sa.update(views).where(views.c.id == view.id).values(starts=starts))


def _share(view: SavedView, who: Actor) -> None:
    if not who.is_staff:
        raise ViewError("Only the people of the desk share views, and only with each other.")
    view.shared = not view.shared


def _delete(view: SavedView, who: Actor) -> None:
    del who  # Whose it is was asked before.
    session().delete(view)


CHANGES: Final = {"rename": _rename, "start": _start, "share": _share, "delete": _delete}


def _of_page(page: str, reader: Actor) -> Iterable[SavedView]:
    """Return the reader's own views of a list, and those that other people of the desk share with the desk."""
    own = sa.and_(SavedView.person_id == reader.id, SavedView.page == page)
    yield from session().scalars(sa.select(SavedView).where(own).order_by(SavedView.name))
    if reader.is_staff:
        shared = sa.and_(SavedView.shared, SavedView.page == page, SavedView.person_id != reader.id, _owner_is_staff())
        yield from session().scalars(sa.select(SavedView).where(shared).order_by(SavedView.name).limit(MOST))


def _owner_is_staff() -> sa.ColumnElement[bool]:
    """Return the condition that whoever shares a view still works at the desk."""
    held = sa.select(RoleGrant.id).where(
        RoleGrant.person_id == SavedView.person_id, RoleGrant.organisation_id.is_(None), RoleGrant.ended_at.is_(None)
    )
    active = sa.select(Person.id).where(Person.id == SavedView.person_id, Person.active)
    return sa.and_(held.exists(), active.exists())


def _free_name(given: str, own: Iterable[SavedView]) -> str:
    name = " ".join(given.split())
    if not name or len(name) > LONGEST_NAME or "\0" in name or not inputs.encodes(name):
        raise ViewError(f"Give the view a name of at most {LONGEST_NAME} characters.")
    if any(view.name == name for view in own):
        raise ViewError(_taken(name))
    return name


def _taken(name: str) -> str:
    return f"You have a view called “{name}” already. Choose another name, or delete that one first."


def _is_page(page: str, who: Actor) -> bool:
    return (page == QUEUE and who.is_staff) or any(page == workflow.kind for workflow in registry())


def _title(page: str) -> str:
    return "Queue" if page == QUEUE else registry().process(page).workflow.titles
