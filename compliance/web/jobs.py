"""The page of background work, for administrators: what waits, runs and failed, to be tried again or stopped."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import Actor, Role
from compliance.door import actor
from compliance.engine.errors import MovedOnError, NotAllowedError, NotFoundError
from compliance.engine.paging import BadCursorError
from compliance.kernel import beats, jobs
from compliance.kernel.db import session
from compliance.kernel.ids import as_id
from compliance.kernel.jobs import Status
from compliance.messages import delivery
from compliance.messages.models import MailMessage

NOTHING_THERE: Final = "There is no such job or mail any more. Load the page again."
MOVED_ON: Final = "It is no longer where you saw it. Load the page again."
PAGE_SIZE: Final = 25
LONGEST_ID: Final = 300
DOING: Final[Mapping[str, tuple[Callable[[str], object], Event, tuple[Status, ...]]]] = {
    "retry": (jobs.retry, Event.JOB_RETRIED, (Status.FAILED, Status.CANCELLED)),
    "cancel": (jobs.cancel, Event.JOB_CANCELLED, (Status.WAITING, Status.RUNNING)),
}

blueprint = Blueprint("jobs", __name__, url_prefix="/admin/jobs")


@blueprint.get("")
def listing() -> ResponseReturnValue:
    """Show the jobs of one status and who does them."""
    _administrator()
    status = Status(chosen) if (chosen := request.args.get("status", "")) in set(Status) else Status.WAITING
    found = jobs.listing(status, before=_before(request.args.get("before")), size=PAGE_SIZE + 1)
    rows, last = found[:PAGE_SIZE], found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None
    return render_template(
        "admin/jobs.html",
        rows=rows,
        chosen=status,
        workers=beats.workers(),
        views=_views(status.value),
        next_href=url_for(".listing", status=status, before=f"{last.made_ms}.{last.id}") if last else None,
        first_href=url_for(".listing", status=status) if request.args.get("before") else None,
    )


@blueprint.get("/mail")
def mail() -> ResponseReturnValue:
    """Show the mail that waits or failed, newest first."""
    _administrator()
    failed = request.args.get("status") == Status.FAILED
    which = MailMessage.failed_at.is_not(None) if failed else MailMessage.failed_at.is_(None)
    query = sa.select(MailMessage).where(which, MailMessage.sent_at.is_(None)).order_by(MailMessage.id.desc())
    if text := request.args.get("before"):
        query = query.where(MailMessage.id < _mail_id(text))
    found = list(session().scalars(query.limit(PAGE_SIZE + 1)))
    last, status = found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None, "failed" if failed else "waiting"
    return render_template(
        "admin/mail.html",
        rows=found[:PAGE_SIZE],
        failed=failed,
        views=_views(f"mail {status}"),
        next_href=url_for(".mail", status=status, before=last.id) if last else None,
        first_href=url_for(".mail", status=status) if text else None,
    )


@blueprint.post("/<any(retry, cancel):what>")
def act(what: str) -> ResponseReturnValue:
    """Try a job again, or stop it."""
    who, job_id = _administrator(), request.form.get("which", "")[:LONGEST_ID]
    # The job engine writes on a connection of its own, which on SQLite would wait for this one.
    session().rollback()
    job = jobs.find(job_id) if job_id.isprintable() else None
    if job is None:
        raise NotFoundError(NOTHING_THERE)
    do, event, fitting = DOING[what]
    if job.status not in fitting:
        raise MovedOnError(MOVED_ON)
    do(job.id)
    events.append("log", event, who, subject={"job": job.id})
    return redirect(url_for(".listing", status=job.status), 303)


@blueprint.post("/mail/<any(retry, cancel):what>")
def act_on_mail(what: str) -> ResponseReturnValue:
    """Try a mail again that failed, or give one up that waits."""
    who, mail_id, again = _administrator(), _mail_id(request.form.get("which", "")), what == "retry"
    if not (delivery.retry if again else delivery.cancel)(mail_id):
        raise MovedOnError(MOVED_ON)
    events.append("log", Event.MAIL_RETRIED if again else Event.MAIL_CANCELLED, who, subject={"mail": str(mail_id)})
    return redirect(url_for(".mail", status="failed" if again else "waiting"), 303)


def navigation(reader: Actor | None) -> list[dict[str, Any]]:
    """Return the entry of this page in the main navigation, for those who may see it."""
    if reader is None or not reader.holds(Role.ADMINISTRATOR):
        return []
    href = url_for("jobs.listing")
    return [{"label": "Background work", "href": href, "current": request.path.startswith(href)}]


def _administrator() -> Actor:
    who = actor()
    if not who.holds(Role.ADMINISTRATOR):
        raise NotAllowedError("Background work is looked after by administrators.")
    return who


def _views(current: str) -> list[dict[str, Any]]:
    items = [(f"Jobs {status.value}", status.value, url_for(".listing", status=status)) for status in Status]
    items += [(f"Mail {s}", f"mail {s}", url_for(".mail", status=s)) for s in ("waiting", "failed")]
    return [{"label": label, "href": href, "current": key == current} for label, key, href in items]


def _before(text: str | None) -> tuple[int, str] | None:
    if not text:
        return None
    made, _, job_id = text[:LONGEST_ID].partition(".")
    if not (made.isascii() and made.isdigit() and len(made) < 16 and job_id.isprintable()):  # noqa: PLR2004 - milliseconds
        raise BadCursorError("This page address is damaged. Go back to the first page of the list.")
    return int(made), job_id


def _mail_id(text: str) -> uuid.UUID:
    found = as_id(text)
    if found is None:
        raise NotFoundError(NOTHING_THERE)
    return found
