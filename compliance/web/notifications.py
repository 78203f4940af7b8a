"""The inbox, one's choices of mail, and the page that stops a kind of mail without signing in."""

from __future__ import annotations

import uuid
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.widgets import CheckboxInput, ListWidget

from compliance.authz import Actor, visible_to
from compliance.door import actor, visitor
from compliance.engine.case import Case
from compliance.engine.errors import NotAllowedError, NotFoundError
from compliance.engine.paging import BadCursorError
from compliance.engine.registry import registry
from compliance.kernel.db import session
from compliance.messages import choices, inbox
from compliance.messages.kinds import Kind
from compliance.messages.models import Notification
from compliance.web.addresses import case_href
from compliance.web.people import complete_visitor, tabs

NOTHING_THERE: Final = "There is nothing here that you can see."
ALL: Final = "all"

blueprint = Blueprint("notifications", __name__)
# Mail programs stop a kind of mail with one request that carries no cookie and no token of ours; its address is proof.
unsubscribing = Blueprint("unsubscribing", __name__)


class MailChoices(Form):
    """What one is mailed about."""

    mail = SelectMultipleField(
        "Mail me when",
        choices=[SelectChoice(kind.value, kind.label) for kind in Kind],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description="In the desk you are told of everything, whatever you choose here. A determination about work that "
        "you are a party to always comes by mail too.",
    )


@blueprint.get("/notifications")
def listing() -> ResponseReturnValue:
    """Show what one was told, unread first."""
    reader = actor()
    kind = Kind(chosen) if (chosen := request.args.get("kind")) in set(Kind) else None
    query = sa.select(Notification, Case).join(Case, Case.id == Notification.case_id)
    found = inbox.page(query.where(visible_to(reader, Case)), _own(reader), kind, _cursor(request.args.get("after")))
    rows = [_shown(told, case) for told, case in found[: inbox.PAGE_SIZE]]
    last = found[inbox.PAGE_SIZE - 1][0] if len(found) > inbox.PAGE_SIZE else None
    return render_template(
        "notifications/inbox.html",
        rows=rows,
        views=_views(kind),
        any_unread=inbox.has_unread(_own(reader)),
        next_href=url_for(".listing", kind=kind, after=_write(last)) if last else None,
        first_href=url_for(".listing", kind=kind) if request.args.get("after") else None,
    )


@blueprint.post("/notifications")
def read() -> ResponseReturnValue:
    """Mark one as read and go to its case, or mark all as read."""
    own, which = _own(actor()), request.form.get("which", "")
    if which == ALL:
        inbox.mark_all_read(own)
        return redirect(url_for(".listing"), 303)
    found = inbox.find(own, _id(which))
    case = (
        session().scalar(sa.select(Case).where(Case.id == found.case_id, visible_to(actor(), Case))) if found else None
    )
    if found is None or case is None:
        raise NotFoundError(NOTHING_THERE)
    inbox.mark_read(found)
    return redirect(case_href(case), 303)


@blueprint.route("/account/notifications", methods=["GET", "POST"])
def own_choices() -> ResponseReturnValue:
    """Show and keep what one is mailed about."""
    who = complete_visitor()
    form = MailChoices(request.form if request.method == "POST" else None)
    if request.method == "POST" and form.validate():
        choices.choose(who.person.id, {Kind(kind) for kind in form.mail.data or ()})
        return redirect(url_for(".own_choices"), 303)
    if request.method == "GET":
        form.mail.data = sorted(choices.of(who.person.id))
    page = render_template("people/notifications.html", form=form, tabs=tabs(who.actor))
    return page, 422 if form.errors else 200


@unsubscribing.route(f"{choices.PATH}<token>", methods=["GET", "POST"])
def unsubscribe(token: str) -> ResponseReturnValue:
    """Ask whether to stop a kind of mail, and stop it; whoever has the link may, signed in or not."""
    found = choices.read_token(token)
    if found is None:
        raise NotFoundError(NOTHING_THERE)
    person, kind = found
    if request.method == "POST":
        choices.stop(person.id, kind)
    stopped = kind not in choices.of(person.id)
    return render_template("notifications/unsubscribe.html", kind=kind, stopped=stopped)


def has_unread() -> bool:
    """Tell the frame of the page whether its reader has something to read."""
    reader = visitor()
    return reader is not None and reader.id is not None and inbox.has_unread(reader.id)


def _own(reader: Actor) -> uuid.UUID:
    if reader.id is None:
        raise NotAllowedError("Notifications are for people; this sign-in belongs to none.")
    return reader.id


def _shown(told: Notification, case: Case) -> dict[str, Any]:
    workflow = registry().process(case.kind, case.definition).workflow
    return {"told": told, "case": case, "kind": Kind(told.kind), "stage": workflow.stage(case.state)}


def _views(kind: Kind | None) -> list[dict[str, Any]]:
    items: list[tuple[str, Kind | None]] = [("Everything", None), *((found.heading, found) for found in Kind)]
    return [
        {"label": label, "href": url_for(".listing", kind=found), "current": found is kind} for label, found in items
    ]


def _write(told: Notification) -> str:
    return f"{'r' if told.read_at else 'u'}{told.id.hex}"


def _cursor(text: str | None) -> inbox.Cursor | None:
    if not text:
        return None
    try:
        return inbox.Cursor({"r": True, "u": False}[text[0]], uuid.UUID(text[1:]))
    except (KeyError, ValueError):
        raise BadCursorError("This page address is damaged. Go back to the first page of the list.") from None


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFoundError(NOTHING_THERE) from None
