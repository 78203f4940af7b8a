"""The page of one case: where it stands, what is new, what it says, what can be done, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from flask import request, url_for
from wtforms import Form

from compliance.authz import Actor, is_at_desk, visible_to
from compliance.engine import hearing, looks, picture, prefill, run, telling, versions
from compliance.engine.case import Case, CaseVersion
from compliance.engine.common import CommentForm
from compliance.engine.definition import Action, Holder, Party, Workflow
from compliance.engine.errors import InvalidInputError, NotFoundError
from compliance.engine.looks import Seen
from compliance.engine.telling import Told
from compliance.kernel import clock
from compliance.kernel.db import READING_METHODS, session
from compliance.people.models import Organisation, Person
from compliance.web import documents, duties, findings, looked_at, rows, rule_changes, tasks
from compliance.web.addresses import action_href, case_href, definition_of

MOST_NEWS: Final = 50
MOST_RELATED: Final = 5
MOST_DIGITS: Final = 10
HISTORY: Final = {"": "All", "decision": "Decisions", "comment": "Comments", "system": "System"}


@dataclass(frozen=True, slots=True)
class News:
    """What came to a case since its reader knew it: changed terms, and what happened."""

    changes: list[versions.Change]
    events: list[Told]
    since: Seen
    href: str | None

    def __bool__(self) -> bool:
        return bool(self.changes or self.events)


@dataclass(slots=True)
class Panel:
    """The action that is being decided on beside the facts: its form, and why it was refused when it was sent."""

    action: Action
    form: Form
    refusal: str | None = None
    meanwhile: News | None = None
    hidden: list[tuple[str, str]] = field(default_factory=list)

    @property
    def drafted(self) -> bool:
        """Whether its reader should look through words that are not yet anybody's."""
        return prefill.is_drafted(self.form)


def shown(case: Case, reader: Actor, panel: Panel | None = None) -> dict[str, Any]:
    """Return what the page of *case* shows to *reader*, with *panel* open in it."""
    workflow, queue = definition_of(case), request.values.get("queue", "")[:2000]
    offered = run.available(case, reader)
    holder = session().get(Person, case.holder_id) if case.holder_id else None
    history = telling.history(session(), case, workflow, reader)
    if panel is not None:
        panel.hidden = seen_now(case, queue)
    return {
        "case": case,
        "workflow": workflow,
        "stage": workflow.stage(case.state),
        "left": telling.time_left(case.due_at, clock.now()),
        "asked": _asked(case, workflow, reader),
        "holder": holder.name if holder and is_at_desk(reader, case) else None,
        "who": rows.who_acts(case, holder.name if holder else None, reader) if case.waits_for != "nobody" else None,
        "news": _news(case, workflow, reader, history),
        "answers": findings.panel(case, workflow, reader),
        "duties": duties.panel(case, workflow, reader),
        "papers": documents.panel(case, workflow, reader),
        "looked_at": looked_at.panel(case, workflow, reader),
        "second_looks": looked_at.second_looks(case, workflow, reader),
        "tasks_href": tasks.way_in(case, workflow, reader),
        "facts": telling.facts(session(), case, workflow, reader),
        "verdicts": [_offered(case, one, queue, panel) for one in offered if one.action.binds],
        "panel": panel,
        "panel_href": action_href(case, panel.action.name) if panel else None,
        "actions": [_offered(case, one, queue) for one in offered if _belongs_beside(one, case, reader)],
        "comment": _comment_form(case, reader) if any(one.action.name == "comment" for one in offered) else None,
        "comment_href": action_href(case, "comment"),
        "history": _chosen(history),
        "history_views": _history_views(case, queue),
        "people": _people(case),
        "related": _related(case, reader),
        "change": rule_changes.panel(case),
        "picture": picture.panel(case, workflow, reader),
        "queue": queue,
    }


def panel_for(case: Case, reader: Actor, name: str | None) -> Panel | None:
    """Return the panel of the decision called *name*, when *reader* may take it now."""
    for offered in run.available(case, reader):
        if offered.action.name == name and offered.action.binds and offered.refusal is None:
            return Panel(offered.action, prefill.form_for(case, definition_of(case), offered.action, reader))
    return None


def show_errors(form: Form, refused: InvalidInputError) -> None:
    """Put beside the fields of *form* what the engine *refused* in them and the form itself did not know."""
    for name, sentences in refused.errors.items():
        if name in form and not form[name].errors:
            form[name].errors = sentences


def seen_now(case: Case, queue: str = "") -> list[tuple[str, str]]:
    """Return the hidden values that say what of *case* a form was shown beside, and where its reader came from."""
    found = [
        ("seen", case.content_digest),
        ("seen_rev", str(case.audit_rev)),
        ("seen_version", str(case.content_version)),
    ]
    return [*found, ("queue", queue)] if queue else found


def news_since(case: Case, workflow: Workflow, reader: Actor, known: Seen) -> News:
    """Return what came to *case* after what *reader* had *known*, without the reader's own acts."""
    told, _ = telling.since(session(), case, workflow, reader, rev=known.rev, size=MOST_NEWS)
    return _news_of(case, workflow, reader, known, told)


def known_of(sent: Mapping[str, str]) -> Seen | None:
    """Return what a form that comes back was shown beside, when it says so."""
    texts = [sent.get("seen_rev", ""), sent.get("seen_version", "")]
    if not all(text.isascii() and text.isdigit() and len(text) < MOST_DIGITS for text in texts):
        return None
    return Seen(*(int(text) for text in texts))


def compared(case: Case, reader: Actor) -> dict[str, Any]:
    """Return two versions of the terms side by side: those that the address names, or else the last two."""
    workflow = definition_of(case)
    found = {version.number: version for version in versions.readable(session(), case, workflow, reader)}
    numbers = sorted(found)
    if not numbers:
        raise NotFoundError("There is nothing here for you under this address.")
    last = _version(request.args.get("to"), found) or numbers[-1]
    first = _version(request.args.get("from"), found) or max((n for n in numbers if n < last), default=last)
    made = telling.names_of(session(), [str(version.made_by_id) for version in found.values()])
    return {
        "case": case,
        "first": found[first],
        "last": found[last],
        "changes": versions.differences(workflow, found[first], found[last]),
        "versions": [(one.number, one.made_at, made.get(str(one.made_by_id), "Countersign")) for one in found.values()],
    }


def _version(text: str | None, found: Mapping[int, CaseVersion]) -> int | None:
    """Return the version that the address names; a version between two known ones stands for the older of them."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < MOST_DIGITS):
        raise NotFoundError("There is nothing here for you under this address.")
    known = [number for number in found if number <= int(text)]
    if not known:
        raise NotFoundError("There is nothing here for you under this address.")
    return max(known)


def changes_href(case: Case, first: int) -> str:
    """Return the address of the differences between version *first* and the newest."""
    address = f"cases.{case.kind}_changes"
    return url_for(address, reference=case.reference, **{"from": first, "to": case.content_version})  # type: ignore[arg-type]


def _news(case: Case, workflow: Workflow, reader: Actor, history: list[Told]) -> News | None:
    if reader.id is None:
        return None
    at = clock.now()
    look = looks.visit if request.method in READING_METHODS else looks.before
    known = look(session(), case, reader.id, at)
    if known.rev >= case.audit_rev:
        return None
    new = [one for one in reversed(history) if one.rev > known.rev]
    return _news_of(case, workflow, reader, known, new[:MOST_NEWS])


def _news_of(case: Case, workflow: Workflow, reader: Actor, known: Seen, told: list[Told]) -> News:
    others = [one for one in told if one.by != str(reader.id)]
    changes: list[versions.Change] = []
    if known.version != case.content_version:
        found = versions.readable(session(), case, workflow, reader)
        changes = versions.between(found, workflow, known.version, case.content_version)
    return News(changes, others, known, changes_href(case, known.version) if changes else None)


def _offered(case: Case, offer: run.Offered, queue: str, panel: Panel | None = None) -> dict[str, Any]:
    address = action_href(case, offer.action.name)
    if offer.action.binds:
        address = f"{case_href(case, queue)}{'&' if queue else '?'}decide={offer.action.name}#decide"
    return {
        "label": offer.action.label,
        "href": address,
        "key": offer.action.key,
        "tone": offer.action.tone.value,
        "blocked": offer.refusal,
        "chosen": panel is not None and panel.action.name == offer.action.name,
        "plain": offer.action.only_moves_claim,
        "queue": queue,
    }


def _belongs_beside(offer: run.Offered, case: Case, reader: Actor) -> bool:
    """Tell whether an action stands in the list beside the page: no decision, no comment, no claim that is idle."""
    action, mine = offer.action, case.holder_id in reader.identities
    idle = action.only_moves_claim and action.holder is (Holder.TAKE if mine else Holder.RELEASE)
    return not action.binds and action.name != "comment" and not idle


def _asked(case: Case, workflow: Workflow, reader: Actor) -> str | None:
    """Return what is asked of whoever is waited for, which is between them and the desk."""
    column = workflow.stage(case.state).asks
    if not hearing.is_between(reader, case, Party(case.waits_for)):
        return None
    return getattr(case, column) or None if column else None


def _comment_form(case: Case, reader: Actor) -> Form:
    """Return the form of a comment, its fields named apart from those of a decision beside it."""
    form = CommentForm()
    if not is_at_desk(reader, case):
        del form.internal
    for one in form:
        one.id = one.label.field_id = f"comment-{one.short_name}"
    return form


def _chosen(history: list[Told]) -> list[Told]:
    kind = request.args.get("history", "")
    return [one for one in history if not kind or one.kind == kind]


def _history_views(case: Case, queue: str) -> list[dict[str, Any]]:
    here = url_for(f"cases.{case.kind}_show", reference=case.reference, queue=queue or None)
    chosen = request.args.get("history", "")
    join = "&" if queue else "?"
    return [
        {"label": label, "href": f"{here}{f'{join}history={key}' if key else ''}#history", "current": key == chosen}
        for key, label in HISTORY.items()
    ]


def _people(case: Case) -> list[dict[str, Any]]:
    """Return who is on the case, by what they are to it."""
    ids = {one for one in (case.holder_id, case.worker_id, case.opened_by_id) if one}
    names = telling.names_of(session(), [str(one) for one in ids])
    client = session().get_one(Organisation, case.organisation_id).name
    found: list[dict[str, Any]] = [
        {"label": "Client", "value": client},
        {"label": "Opened by", "value": names.get(str(case.opened_by_id))},
        {"label": "Freelancer", "value": names.get(str(case.worker_id))},
    ]
    return [row for row in found if row["value"]]


def _related(case: Case, reader: Actor) -> list[dict[str, Any]]:
    """Return other cases of the same client and freelancer, newest first."""
    if case.worker_id is None:
        return []
    query = (
        sa.select(Case)
        .where(
            Case.worker_id == case.worker_id,
            Case.organisation_id == case.organisation_id,
            Case.id != case.id,
            visible_to(reader, Case),
        )
        .order_by(Case.id.desc())
        .limit(MOST_RELATED)
    )
    return [
        {"case": one, "href": case_href(one), "stage": definition_of(one).stage(one.state)}
        for one in session().scalars(query)
    ]
