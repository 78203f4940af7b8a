"""Trying answers against a compliance check: whether it applies, and which duties follow by when."""

from __future__ import annotations

from typing import Any, Final

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField, StringField
from wtforms.form import BaseForm

from compliance.rules.checks.check import ComplianceCheck, State
from compliance.rules.checks.model import CheckQuestion, Duty, Type
from compliance.rules.errors import AnswerError
from compliance.rules.told.check import due_told
from compliance.rules.told.parts import cited
from compliance.web.choices import choices_of

OUTCOMES: Final = {
    "applies": ("The law applies", "progress"),
    "does_not_apply": ("The law does not apply", "neutral"),
    "needs_review": ("Left open: not enough is answered", "waiting"),
}
STATES: Final = {
    State.MET: ("Fulfilled", "good"),
    State.NOT_MET: ("Not fulfilled", "bad"),
    State.OPEN: ("Open", "waiting"),
    State.TO_DO: ("To do", "progress"),
    State.NOT_DUE: ("Does not apply", "neutral"),
}
_HINTS: Final = {Type.NUMBER: "A whole number.", Type.DATE: "A date, such as 2026-04-06."}


def trying(check: ComplianceCheck, warnings: list[tuple[str, str]], prefix: str) -> ResponseReturnValue:
    """Ask the questions of *check*, and show what follows from the answers."""
    form = BaseForm({one.key: _field(one) for one in check.questions.values()}, prefix=prefix)
    form.process(request.values)
    named = {name.removeprefix(prefix): text for name, text in request.values.items() if name.startswith(prefix)}
    sent = {key: text for key, text in named.items() if text}
    answers = {key: _read(check.questions.get(key), text) for key, text in sent.items()}
    refused, found = "", None
    try:
        found = check.decide(answers) if answers else None
    except AnswerError as problem:
        if problem.question is not None and problem.question in form:
            form[problem.question].errors = [_refusal(check.questions[problem.question])]
        else:
            refused = "An answer was sent to a question that this check does not ask. Open this page again."
    action = url_for("rules_try.trying", key=check.key, version=check.version)
    page = render_template(
        "rules/try_check.html",
        check=check,
        form=form,
        refused=refused,
        warnings=warnings,
        outcome=OUTCOMES[found["outcome"]] if found else None,
        found=found,
        duties=[_duty(check, one) for one in found["duties"]] if found else [],
        missing=[check.questions[key].text for key in found["missing"]] if found else [],
        action=action,
        again=action if sent else None,
        back=url_for("rules.show", key=check.key, version=check.version),
    )
    return page, 422 if refused or form.errors else 200


def _field(question: CheckQuestion) -> Any:  # noqa: ANN401 - a field that is not yet in a form
    if question.options:
        choices = choices_of(question.options.items(), "Not answered")
        return SelectField(question.text, choices=choices, validate_choice=False)
    return StringField(question.text, description=_HINTS[question.type])


def _read(question: CheckQuestion | None, text: str) -> str | int:
    """Return what was typed as the check takes it; it refuses itself what is no number."""
    if question is not None and question.type is Type.NUMBER and text.isascii() and text.isdecimal():
        return int(text[:20])
    return text


def _refusal(question: CheckQuestion) -> str:
    wanted = {Type.NUMBER: "Give a whole number, not below 0", Type.DATE: "Give a date like 2026-04-06"}
    return wanted.get(question.type, f"Choose one of the answers to “{question.text}”")


def _duty(check: ComplianceCheck, found: dict[str, Any]) -> dict[str, Any]:
    duty: Duty = next(one for one in check.duties if one.key == found["key"])
    on = (found["due"] or {}).get("on")
    return {
        "text": duty.text,
        "state": STATES[found["state"]],
        "due": on or (due_told(duty.due) if duty.due else ""),
        "source": cited(duty.citation, duty.source),
    }
