"""Calibration: how far reviewers agree with what the tests find, and with each other where one of two looks blind."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterator
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from wtforms import DateField, Form, SelectField
from wtforms.validators import Optional

from compliance.authz import Actor, Role
from compliance.door import actor
from compliance.engine import agreeing, telling
from compliance.engine.agreeing import Asked, By, Counted, Question, Which
from compliance.engine.case import Case
from compliance.engine.errors import EngineError, NotAllowedError
from compliance.engine.paging import PAGE_SIZE, BadCursorError
from compliance.kernel import clock
from compliance.kernel.cells import harmless
from compliance.kernel.db import session
from compliance.kernel.ids import as_id
from compliance.people.models import Organisation, Person
from compliance.rules import store
from compliance.rules.errors import UnknownRuleSetError
from compliance.web.addresses import case_href
from compliance.web.choices import choices_of

READERS: Final = frozenset({Role.SENIOR_REVIEWER, Role.AUDITOR})
QUESTIONS: Final = {Question.FINDINGS: "Reviewers and findings", Question.REVIEWS: "Blind second reviews"}
DIMENSIONS: Final = {By.TEST: "By test", By.REVIEWER: "By reviewer", By.CLIENT: "By client"}
LISTED: Final = {
    Which.DIFFER: "Different outcomes",
    Which.LEFT_OPEN: "Left open by the findings",
    Which.NO_STATUS: "Decided without a status",
}
WORDS: Final = {
    "independent_contractor": "Independent contractor",
    "employee": "Employee",
    "needs_review": "Needs review",
    "not_engaged": "Cannot go on as it is",
}
COLUMNS: Final = (
    "key", "name", "pairs", "agreeing", "observed", "kappa", "low", "high", "left_open", "no_status", "note",
)  # fmt: skip

Word = TypeVar("Word", Question, By, Which)

blueprint = Blueprint("calibration", __name__)


class BadAskingError(EngineError):
    """The address asks for something that cannot be counted."""

    status = 422
    code = "bad_asking"


class Narrowing(Form):
    """Of which period, and of which test."""

    since = DateField("From", [Optional()])
    until = DateField("To", [Optional()], description="Both days are included.")
    test = SelectField("Test", default="")


@blueprint.get("/calibration")
def show() -> ResponseReturnValue:
    """Show how far they agree: in figures, as a picture, and in which cases they do not."""
    reader = _reader()
    form = _form()
    fine = form.validate()
    asked = _asked(form) if fine else Asked()
    found = agreeing.page(session(), asked, reader, _after(), PAGE_SIZE)
    here = _address(asked)
    page = render_template(
        "calibration/show.html",
        form=form,
        hidden=[(name, value) for name, value in here.items() if name not in {"since", "until", "test"}],
        questions=_tabs(QUESTIONS, "question", asked.question, here),
        dimensions=_tabs(DIMENSIONS, "by", asked.by, here),
        question=asked.question,
        by=DIMENSIONS[asked.by],
        active=_active(here),
        whole=_shown(agreeing.overall(session(), asked, reader), asked, here),
        rows=[_shown(row, asked, here) for row in found.rows],
        share=_share(),
        csv_href=url_for(".table", **here),
        next_href=url_for(".show", **here, after=json.dumps(found.onward)) if found.onward else None,
        first_href=url_for(".show", **here) if request.args.get("after") else None,
    )
    return page, 200 if fine else 422


@blueprint.get("/calibration/table.csv")
def table() -> ResponseReturnValue:
    """Give the figures out as a file: every test, reviewer or client, not only a page of them."""
    reader, form = _reader(), _form()
    if not form.validate():
        raise BadAskingError("The period or the test cannot be read. Choose them on the page of the calibration.")
    asked = _asked(form)
    found = [_shown(row, asked, {}) for row in agreeing.pages(session(), asked, reader, PAGE_SIZE)]
    response = Response(stream_with_context(_lines(found)), mimetype="text/csv")
    name = f"calibration-{asked.question.value}-by-{asked.by.value}.csv"
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


@blueprint.get("/calibration/cases")
def cases() -> ResponseReturnValue:
    """List the cases behind a figure, newest first."""
    reader, form = _reader(), _form()
    if not form.validate():
        raise BadAskingError("The period or the test cannot be read. Choose them on the page of the calibration.")
    asked, which = _asked(form), _one_of(Which, "which", Which.DIFFER)
    before = as_id(request.args.get("before"))
    if request.args.get("before") and before is None:
        raise BadCursorError("This page address is damaged. Go back to the first page of the list.")
    found = agreeing.cases(session(), asked, which, reader, before, PAGE_SIZE + 1)
    here = _address(asked) | {"which": which.value}
    return render_template(
        "calibration/cases.html",
        rows=_listed(found[:PAGE_SIZE]),
        question=asked.question,
        heading=LISTED[which],
        active=_active(_address(asked)),
        next_href=url_for(".cases", **here, before=str(found[PAGE_SIZE - 1].id)) if len(found) > PAGE_SIZE else None,
        first_href=url_for(".cases", **here) if before else None,
        back=url_for(".show", **_address(asked)),
    )


def navigation(reader: Actor | None) -> list[dict[str, Any]]:
    """Return the way to the calibration for those who may read it."""
    if reader is None or not reader.roles & READERS:
        return []
    href = url_for("calibration.show")
    return [{"label": "Calibration", "href": href, "current": request.path == href, "key": ""}]


def _reader() -> Actor:
    reader = actor()
    if not reader.roles & READERS:
        raise NotAllowedError("Calibration is for senior reviewers and auditors.")
    return reader


def _form() -> Narrowing:
    form = Narrowing(request.args)
    form.test.choices = choices_of(((key, _title(key)) for key in agreeing.tests(session())), "All tests")
    return form


def _asked(form: Narrowing) -> Asked:
    """Return what the address asks for; raises :class:`BadAskingError` for what is no question of ours."""
    people = {name: as_id(request.args.get(name)) for name in ("reviewer", "client")}
    if any(request.args.get(name) and found is None for name, found in people.items()):
        raise BadAskingError("The address names a reviewer or client in a way that we never wrote.")
    return Asked(
        question=_one_of(Question, "question", Question.FINDINGS),
        by=_one_of(By, "by", By.TEST),
        since=form.since.data,
        until=form.until.data,
        test=form.test.data or None,
        **people,
    )


def _one_of(words: type[Word], name: str, default: Word) -> Word:
    text = request.args.get(name) or default.value
    if text not in set(words):
        raise BadAskingError(f"“{text[:40]}” cannot be asked for. Choose on the page of the calibration.")
    return words(text)


def _after() -> tuple[str, str] | None:
    """Return the name and key after which the page begins."""
    text = request.args.get("after")
    if text is None:
        return None
    try:
        name, key = json.loads(text[:2000])
    except (ValueError, TypeError):
        name = key = None
    is_key = isinstance(key, str) and (as_id(key) is not None or request.args.get("by", By.TEST) == By.TEST)
    if not (is_key and isinstance(name, str) and "\0" not in name + key):
        raise BadCursorError("This page address is damaged. Go back to the first page of the list.")
    return name, key


def _address(asked: Asked) -> dict[str, Any]:
    """Return what of *asked* its address says; what goes without saying is left out."""
    said = {
        "question": asked.question.value if asked.question is not Question.FINDINGS else None,
        "by": asked.by.value if asked.by is not By.TEST else None,
        "since": asked.since.isoformat() if asked.since else None,
        "until": asked.until.isoformat() if asked.until else None,
        "test": asked.test,
        "reviewer": str(asked.reviewer) if asked.reviewer else None,
        "client": str(asked.client) if asked.client else None,
    }
    return {name: value for name, value in said.items() if value}


def _tabs(words: dict[Any, str], name: str, chosen: Any, here: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: ANN401 - one of the words
    return [
        {"label": label, "href": url_for(".show", **{**here, name: one.value}), "current": one is chosen}
        for one, label in words.items()
    ]


def _active(here: dict[str, Any]) -> list[dict[str, str]]:
    """Return what the figures are narrowed by, each with the address without it."""
    labels = {"since": "From", "until": "To", "test": "Test", "reviewer": "Reviewer", "client": "Client"}
    return [
        {
            "label": label,
            "value": _value(name, here[name]),
            "remove_href": url_for(".show", **{key: value for key, value in here.items() if key != name}),
        }
        for name, label in labels.items()
        if name in here
    ]


def _value(name: str, value: str) -> str:
    if name == "test":
        return _title(value)
    if name in {"reviewer", "client"}:
        column, key = (Person.name, Person.id) if name == "reviewer" else (Organisation.name, Organisation.id)
        return session().scalar(sa.select(column).where(key == uuid.UUID(value))) or "Unknown"
    return value


def _title(key: str) -> str:
    """Return what a test is called; one that is no longer shipped keeps its key."""
    try:
        return next(store.library().everything(key)).title
    except UnknownRuleSetError:
        return key


def _shown(row: Counted, asked: Asked, here: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its figures, and the way to the cases behind them."""
    found = row.agreement
    only = {asked.by.value: str(row.key)} if row.key is not None else {}
    where = {**here, **only}
    return {
        "key": str(row.key or ""),
        "name": _title(row.name) if asked.by is By.TEST and row.key else row.name,
        "found": found,
        "left_open": row.left_open,
        "no_status": row.no_status,
        "only_href": url_for(".show", **where),
        "hrefs": {which.value: url_for(".cases", **where, which=which.value) for which in Which},
    }


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in rows:
        found = row["found"]
        figures = (found.observed, found.kappa, found.low, found.high)
        numbers = ["" if figure is None else f"{figure:.4f}" for figure in figures]
        ends = (row["left_open"], row["no_status"], found.note)
        writer.writerow(
            [harmless(cell) for cell in (row["key"], row["name"], found.pairs, found.agreeing)]
            + numbers
            + [harmless(cell) for cell in ends]
        )
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _listed(found: list[sa.Row[*tuple[Any, ...]]]) -> list[dict[str, Any]]:
    ids = [str(one) for row in found for one in (row.first_by, row.second_by) if one]
    names = telling.names_of(session(), ids)
    looks = sa.select(Case).where(Case.id.in_([row.look for row in found if row.look]))
    hrefs = {one.id: case_href(one) for one in session().scalars(looks)}
    return [
        {
            "case": row.Case,
            "href": case_href(row.Case),
            "first": WORDS.get(row.first, row.first),
            "second": WORDS.get(row.second, row.second),
            "first_by": names.get(str(row.first_by), ""),
            "second_by": names.get(str(row.second_by), ""),
            "at": row.at,
            "look_href": hrefs.get(row.look),
        }
        for row in found
    ]


def _share() -> int:
    """Return how many of a hundred determinations are looked at blind now."""
    return int(current_app.config["SETTINGS"].blind_share(clock.now().date()))
