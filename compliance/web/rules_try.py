"""Trying answers against any version of the rules, or against all that apply somewhere on a day; it writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import DateField, Form, SelectField, StringField
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Regexp

from compliance.door import actor
from compliance.engine.errors import NotAllowedError, NotFoundError
from compliance.engine.questionnaire import rules_for
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.rules import purposes, shelf, store
from compliance.rules.agenda import Agenda, Member, agenda
from compliance.rules.applicable import Situation
from compliance.rules.checks.check import ComplianceCheck
from compliance.rules.checks.following import covering
from compliance.rules.errors import UnknownVariantError
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.loading import PURPOSES
from compliance.rules.model import Answer, Question, word_of
from compliance.rules.told.parts import span
from compliance.web import findings, rules_check, rules_links
from compliance.web.choices import choices_of
from compliance.web.rules import edition_of

ANSWER: Final = "answer."
"""Stands before the keys of questions in addresses and forms, so that none of them is taken for something else."""
_PLACE: Final = r"[A-Za-z]{2}(-[A-Za-z0-9]{1,3}){0,2}"
_PLACE_ERROR: Final = "Give a country by its code, such as GB, or a part of one, such as US-CA"

blueprint = Blueprint("rules_try", __name__)


class Whereabouts(Form):
    """Where the parties are, what the status is asked for, and as of when."""

    worker = StringField("Where the worker is", [InputRequired(_PLACE_ERROR), Regexp(f"^{_PLACE}$", 0, _PLACE_ERROR)])
    client = StringField("Where the client is", [InputRequired(_PLACE_ERROR), Regexp(f"^{_PLACE}$", 0, _PLACE_ERROR)])
    work = StringField("Where the work is done", [InputRequired(_PLACE_ERROR), Regexp(f"^{_PLACE}$", 0, _PLACE_ERROR)])
    on = DateField("On", [InputRequired("Give the day as of which the rules are asked")])
    purpose = SelectField(
        "Asked for",
        choices=choices_of(((one, one.replace("_", " ").capitalize()) for one in PURPOSES), "Everything"),
        default="",
    )


@dataclass(frozen=True)
class Tried:
    """Rules to try, with what has to be said of them before anything that they find.

    ``named`` leads back to them. ``on`` is the day whose law is asked, ``checks`` those that hold for the same places.
    """

    rules: Agenda
    title: str
    named: Mapping[str, str]
    warnings: tuple[tuple[str, str], ...] = ()
    gaps: tuple[str, ...] = ()
    on: dt.date | None = None
    checks: tuple[ComplianceCheck, ...] = ()


@blueprint.route("/rules/try", methods=["GET", "POST"])
def trying() -> ResponseReturnValue:
    """Ask the questions of the rules in the address, and show what they find in the answers."""
    if not actor().is_staff:
        raise NotAllowedError("Trying answers is for the desk.")
    if request.args.get("key"):
        return _by_key(request.args["key"])
    form = Whereabouts(request.args)
    given = any(request.args.get(name) for name in ("worker", "client", "work", "on"))
    if not given or not form.validate():
        return _chooser(form), 422 if given else 200
    return _by_places(form)


def _by_key(key: str) -> ResponseReturnValue:
    edition = edition_of(key, request.args.get("version"))
    rules, today = edition.rules, clock.now().date()
    warnings = []
    if not edition.in_force(today):
        said = f"It is in force {span(rules.about.effective_from, rules.about.effective_to)}."
        warnings.append(("This version is not in force today", said))
    if isinstance(rules, ComplianceCheck):
        return rules_check.trying(rules, warnings, ANSWER)
    named = {"key": key, "version": rules.version}
    variant = request.args.get("variant")
    if not variant:
        return _page(Tried(agenda((rules,)), rules.title, named, tuple(warnings)))
    varied = _varied(rules, variant)
    chosen = varied.variant
    if chosen is not None and not chosen.in_use:
        warnings.append(("Proposed, not law", f"{chosen.title}. What it would say decides nothing here."))
    elif chosen is not None:
        warnings.append(("A variant", f"{chosen.title}. It is used only where it is asked for."))
    return _page(Tried(Agenda((varied,)), rules.title, {**named, "variant": variant}, tuple(warnings)))


def _varied(rules: object, variant: str) -> LegalTest:
    try:
        if isinstance(rules, LegalTest):
            return rules.with_variant(variant, switched_on=True)
    except UnknownVariantError:
        pass
    raise NotFoundError("There is no such variant. Choose one on the page of the rule set.")


def _by_places(form: Whereabouts) -> ResponseReturnValue:
    day = cast("dt.date", form.on.data)
    worker, client, work = (str(field.data) for field in (form.worker, form.client, form.work))
    rules, missing = rules_for(Situation(worker, client, work, day, form.purpose.data or None), _tables())
    gaps = tuple(gap.text for gap in missing)
    if rules is None:
        return _chooser(form, gaps)
    named = {name: request.args.get(name, "") for name in ("worker", "client", "work", "on", "purpose")}
    checks = tuple(one.check for one in covering(store.standing(session()), (worker, client, work), day))
    return _page(Tried(rules, f"What applies on {day:%d %B %Y}", named, gaps=gaps, on=day, checks=checks))


def _tables() -> dict[str, str]:
    """Return the authorities' tables that a process asks instead of our tests, by place."""
    asked = (workflow.questionnaire for workflow in registry())
    return {place: key for one in asked if one for place, key in one.tables.items()}


def _chooser(form: Whereabouts, gaps: tuple[str, ...] = ()) -> str:
    if not form.on.raw_data:
        form.on.data = clock.now().date()
    known = [(found[-1].rules.key, found[-1].rules.title) for found in shelf.shelf(session()).values()]
    return render_template(
        "rules/choose.html",
        form=form,
        known=sorted(known, key=lambda one: one[1]),
        gaps=gaps,
        back=url_for("rules.listing"),
    )


def _page(tried: Tried) -> ResponseReturnValue:
    """Show the questions with the answers given, and beside them what the rules find."""
    answers, errors = _answers(tried.rules)
    walked = tried.rules.walk(answers)
    form = _form(walked.pages, errors)
    # Tables find something only at the end of their questions, tests as far as they are answered.
    asks_on = bool(tried.rules.tables) and not walked.decides
    found = None if errors or asks_on or not answers else tried.rules.find(answers)
    on = tried.on or clock.now().date()
    shown = {one.key for one in walked.pages}
    page = render_template(
        "rules/try.html",
        tried=tried,
        members=[_named(one, on) for one in tried.rules.members],
        checks=[(one.title, rules_links.to_set(one.key, one.version)) for one in tried.checks],
        form=form,
        errors=[(text, None if key in form else "") for key, text in errors.items() if key not in shown],
        groups=_groups(tried.rules, form),
        hidden=[(f"{ANSWER}{key}", word_of(value)) for key, value in answers.items() if key not in shown],
        result=found.result if found else "",
        found=findings.explained(tried.rules, answers, found, on) if found else None,
        asks_on=asks_on and bool(answers),
        ending=walked.ending.text if walked.ending else "",
        action=url_for("rules_try.trying", **tried.named),  # type: ignore[arg-type]
        again=url_for("rules_try.trying", **tried.named) if answers or errors else None,  # type: ignore[arg-type]
        back=url_for("rules.listing"),
    )
    return page, 422 if errors else 200


def _named(rules: Member, on: dt.date) -> tuple[str, str, str]:
    """Return the title of rules, the way to them, and what they are asked for."""
    asked_for = purposes.spoken(purposes.purposes_of(rules, store.table_purposes(), on))
    return rules.title, rules_links.to_set(rules.key, rules.version), asked_for


def _answers(rules: Agenda) -> tuple[dict[str, Answer], dict[str, str]]:
    """Return the answers that were sent, and by question what is wrong with those that cannot be taken."""
    known = {question.key: question for question in rules.questions}
    answers: dict[str, Answer] = {}
    errors: dict[str, str] = {}
    for name, word in request.values.items():
        key = name.removeprefix(ANSWER)
        if not name.startswith(ANSWER) or not word:
            continue
        option = known[key].by_word(word) if key in known else None
        if option is not None:
            answers[key] = option.value
        elif key in known:
            errors[key] = f"Choose one of the answers to “{known[key].text}”"
        else:
            errors[key] = "An answer was sent to a question that these rules do not ask. Open this page again."
    return answers, errors


def _form(pages: tuple[Question, ...], errors: Mapping[str, str]) -> BaseForm:
    fields: dict[str, Any] = {}
    for one in pages:
        offered = choices_of(((option.word, option.label) for option in one.options if option.offered), "Not answered")
        fields[one.key] = SelectField(one.text, description=one.help, choices=offered, validate_choice=False)
    form = BaseForm(fields, prefix=ANSWER)
    form.process(request.values)
    for key, sentence in errors.items():
        if key in fields:
            form[key].errors = [sentence]
    return form


def _groups(rules: Agenda, form: BaseForm) -> list[dict[str, Any]]:
    asked = [one for one in rules.questions if one.key in form]
    groups = [
        {"title": group.title, "fields": [form[one.key] for one in asked if one.section == group.key]}
        for group in rules.groups
    ]
    return [group for group in groups if group["fields"]]
