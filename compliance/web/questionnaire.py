"""Answering a questionnaire page by page: the next question, one question, checking the answers, sending them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs

from compliance.door import actor
from compliance.engine import answering, earlier, run
from compliance.engine.case import Case
from compliance.engine.content import digest_of
from compliance.engine.definition import Action, Party
from compliance.engine.errors import EngineError, MovedOnError, NotAllowedError, NotFoundError, RefusedError
from compliance.engine.move import Move
from compliance.engine.questionnaire import answering_party
from compliance.engine.registry import Registry, registry
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.rules import interview
from compliance.rules.agenda import Agenda
from compliance.rules.model import Answer, Question
from compliance.web.pages_of_form import case_href


@dataclass(frozen=True)
class Interview:
    """A party in the middle of its answers. ``known`` is true of the party and asked of nobody; ``sent`` were some."""

    case: Case
    action: Action
    party: Party
    rules: Agenda
    known: Mapping[str, Answer]
    answers: Mapping[str, Answer]
    sent: bool = False
    drafted: bool = False

    @property
    def is_fresh(self) -> bool:
        """Whether the party has answered nothing yet."""
        return not (self.sent or self.drafted)

    def page(self, key: str) -> str:
        """Return the address of a question."""
        return url_for(f"questions.{self.case.kind}_question", reference=self.case.reference, key=key)

    @property
    def check_page(self) -> str:
        """The address where the answers are checked."""
        return url_for(f"questions.{self.case.kind}_check", reference=self.case.reference)

    @property
    def case_page(self) -> str:
        """The address of the case."""
        return url_for(f"cases.{self.case.kind}_show", reference=self.case.reference)

    @property
    def path(self) -> list[interview.Asked]:
        """The pages that are asked of this party, up to the one to answer next."""
        return [one for one in interview.asked(self.rules, self.answers) if one.question.key not in self.known]

    @property
    def next_page(self) -> str:
        """Where to go on: the next open question, or the answers once none is open."""
        found = interview.next_question(self.rules, self.answers)
        return self.page(found.key) if found else self.check_page

    def after(self, key: str) -> str:
        """Return the page that follows the question *key*."""
        keys = [one.question.key for one in self.path]
        following = keys[keys.index(key) + 1 :] if key in keys else []
        return self.page(following[0]) if following else self.next_page

    @property
    def change_page(self) -> str | None:
        """Where the last answer is changed, when there is one."""
        given = [one.question.key for one in self.path if one.answer is not None]
        return f"{self.page(given[-1])}?change=1" if given else None

    def before(self, key: str) -> str:
        """Return the page that comes before the question *key*."""
        keys = [one.question.key for one in self.path]
        return self.page(keys[keys.index(key) - 1]) if keys.index(key) else self.case_page


def blueprint(processes: Registry) -> Blueprint:
    """Return the pages of every questionnaire in *processes*."""
    made = Blueprint("questions", __name__)
    for workflow in processes:
        if workflow.questionnaire is None:
            continue
        case = f"/{workflow.plural}/<reference>"
        rules: tuple[tuple[str, str, Any, list[str]], ...] = (
            (f"{case}/questions", "next", go_on, ["GET"]),
            (f"{case}/questions/<key>", "question", question, ["GET", "POST"]),
            (f"{case}/answers", "check", check, ["GET"]),
            (f"{case}/answers/again", "again", again, ["GET", "POST"]),
            (f"{case}/answers/earlier", "earlier", begin_with_earlier, ["GET", "POST"]),
            (f"{case}/{answering.SEND}", "begin", go_on, ["GET"]),
            (f"{case}/{answering.SEND}", "send", send, ["POST"]),
            (f"{case}/{answering.CHANGE}", "change", go_on, ["GET"]),
        )
        for rule, endpoint, view, methods in rules:
            made.add_url_rule(
                rule, f"{workflow.kind}_{endpoint}", view, methods=methods, defaults={"kind": workflow.kind}
            )
    return made


def go_on(kind: str, reference: str) -> ResponseReturnValue:
    """Go to the next open question, or to the answers once none is open; first of all to earlier ones, if any."""
    begun = _begun(kind, reference)
    if begun.is_fresh and _earlier(begun) is not None:
        return redirect(url_for(f"questions.{kind}_earlier", reference=reference))
    return redirect(begun.next_page)


def question(kind: str, reference: str, key: str) -> ResponseReturnValue:
    """Ask one question, and keep its answer as a draft; warn first where other answers would fall away."""
    begun = _begun(kind, reference, lock=request.method == "POST")
    asked = next((one for one in begun.path if one.question.key == key), None)
    if asked is None:
        if not any(one.key == key for one in begun.rules.questions):
            raise NotFoundError("There is no such question.")
        return redirect(begun.next_page)
    form = _form(begun, asked.question)
    if request.method == "GET":
        return _page(begun, asked, form)
    return _answered(begun, asked, form)


def check(kind: str, reference: str) -> ResponseReturnValue:
    """Show what was answered so far, each answer with the way to change it."""
    return _check_page(_begun(kind, reference), None)


def send(kind: str, reference: str) -> ResponseReturnValue:
    """Make the answers part of the case, exactly as the page showed them."""
    begun = _begun(kind, reference, lock=True)
    counted = dict(interview.walk(begun.rules, begun.answers).answers)
    try:
        if not interview.is_complete(begun.rules, begun.answers):
            raise RefusedError("Some questions are still open. Answer them, then send the answers.")
        if request.form.get("seen") != digest_of(counted):
            raise MovedOnError("The answers changed after you opened this page. Check them again, then send them.")
        run.fire(kind, reference, begun.action.name, actor(), {"answers": json.dumps(counted)})
    except EngineError as refused:
        session().rollback()
        return _check_page(_begun(kind, reference), refused)
    return redirect(_after_sending(begun), 303)


def again(kind: str, reference: str) -> ResponseReturnValue:
    """Ask whether to begin anew, and only then put the answers of the draft away; what was sent stays."""
    begun = _begun(kind, reference, lock=request.method == "POST")
    if request.method == "GET":
        counted = interview.walk(begun.rules, begun.answers).answers
        count = sum(1 for key in counted if key not in begun.known)
        return render_template(
            "cases/answer_again.html", case=begun.case, count=count, back=begun.check_page, sent=begun.sent
        )
    answering.keep_draft(session(), begun.case.id, begun.party, begun.rules, {})
    return redirect(replace(begun, answers=begun.known).next_page, 303)


def begin_with_earlier(kind: str, reference: str) -> ResponseReturnValue:
    """Show what the party answered in an earlier case of the same two, and take it as a draft only when asked to."""
    begun = _begun(kind, reference, lock=request.method == "POST")
    found = _earlier(begun)
    if found is None or not begun.is_fresh:
        return redirect(begun.next_page, 303)
    if request.method == "GET":
        return render_template(
            "cases/answer_earlier.html",
            case=begun.case,
            earlier=found,
            groups=answer_groups(begun.rules, found.answers, without=frozenset(begun.known)),
            afresh=begun.next_page,
            back=begun.case_page,
        )
    answering.keep_draft(session(), begun.case.id, begun.party, begun.rules, found.answers)
    return redirect(replace(begun, answers={**found.answers, **begun.known}).next_page, 303)


def _earlier(begun: Interview) -> earlier.Earlier | None:
    workflow = registry().process(begun.case.kind, begun.case.definition).workflow
    return earlier.answers(Move(workflow, begun.case, actor(), clock.now(), session()), begun.party, begun.rules)


def _after_sending(begun: Interview) -> str:
    """Return the task list while the case can still be handed in, else the case."""
    case = begun.case
    workflow = registry().process(case.kind, case.definition).workflow
    submit = workflow.action(workflow.submit)
    if submit and case.state in submit.sources and submit.allow.permits(actor(), case):
        return case_href(case, "listing")
    return begun.case_page


def _begun(kind: str, reference: str, *, lock: bool = False) -> Interview:
    """Return where the visitor stands with the questions of a case; raises where nothing is asked of them."""
    who, active = actor(), session()
    case = run.find(kind, reference, who, lock=lock)
    workflow = registry().process(kind, case.definition).workflow
    action = answering.sending(workflow, case.state)
    if action is None or not action.allow.permits(who, case):
        raise NotAllowedError(f"These questions are for: {action.allow if action else 'nobody'}.")
    move = Move(workflow, case, who, clock.now(), active)
    party, rules = answering_party(case, who, workflow), move.assessment.rules
    if party is None or rules is None:
        raise RefusedError(str(answering.is_asked(move)))
    known = workflow.questionnaire.known(party, rules) if workflow.questionnaire else {}
    sent = move.assessment.of(party)
    kept = answering.draft_of(active, case.id, party)
    answers = kept if kept is not None else dict(sent.answers) if sent else {}
    answers = {**answers, **known}
    return Interview(case, action, party, rules, known, answers, sent=sent is not None, drafted=kept is not None)


def _answered(begun: Interview, asked: interview.Asked, form: Form) -> ResponseReturnValue:
    """Take the answer that was sent; what it makes pointless falls away only once that was confirmed."""
    key, field = asked.question.key, cast("RadioField", form["answer"])
    option = asked.question.by_word(request.form.get("answer", ""))
    if option is None or option.word not in {choice[0] for choice in field.iter_choices()}:
        field.errors = [f"Choose one of the answers to “{asked.question.text}”"]
        return _page(begun, asked, form), 422
    dropped = interview.dropped_by_change(begun.rules, begun.answers, key, option.value)
    if dropped and request.form.get("confirmed") != option.word:
        return _page(begun, asked, form, dropped=dropped, confirmed=option.word)
    left_out = {*begun.known, *(one.key for one in dropped)}
    answers = {k: v for k, v in begun.answers.items() if k not in left_out} | {key: option.value}
    answering.keep_draft(session(), begun.case.id, begun.party, begun.rules, answers)
    now = replace(begun, answers={**answers, **begun.known})
    return redirect(now.next_page if request.args.get("change") else now.after(key), 303)


def _form(begun: Interview, asked: Question) -> Form:
    """Return the page's form with only the options that are offered after the answers before."""
    options = asked.offered(interview.walk(begun.rules, begun.answers).answers)
    given = begun.answers.get(asked.key)
    field = RadioField(
        asked.text,
        choices=[SelectChoice(option.word, option.label) for option in options],
        description=asked.help,
        default=next((option.word for option in options if option.value == given), None),
    )
    return cast("Form", type("Page", (Form,), {"answer": field})(request.form))


def _page(
    begun: Interview, asked: interview.Asked, form: Form, *, dropped: list[Question] | None = None, confirmed: str = ""
) -> str:
    key, changes = asked.question.key, bool(request.args.get("change"))
    keys = [one.question.key for one in begun.path]
    return render_template(
        "cases/question.html",
        form=form,
        question=asked.question,
        section=begun.rules.group(asked.question).title,
        number=keys.index(key) + 1,
        total=sum(one.key not in begun.known for one in asked.in_sight),
        back=begun.check_page if changes else begun.before(key),
        leave=begun.case_page,
        dropped=[one.text for one in dropped or ()],
        confirmed=confirmed,
    )


def _check_page(begun: Interview, refusal: EngineError | None) -> ResponseReturnValue:
    counted = dict(interview.walk(begun.rules, begun.answers).answers)
    ending = interview.ending(begun.rules, begun.answers)
    complete = interview.is_complete(begun.rules, begun.answers)
    shown = render_template(
        "cases/check_answers.html",
        case=begun.case,
        groups=_groups(begun, counted),
        ending=ending.text if ending else None,
        complete=complete,
        advice_only=ending is not None and not ending.decides,
        go_on=None if complete or ending else begun.next_page,
        send_to=url_for(f"questions.{begun.case.kind}_send", reference=begun.case.reference),
        seen=digest_of(counted),
        change=begun.change_page,
        again=url_for(f"questions.{begun.case.kind}_again", reference=begun.case.reference),
        back=begun.case_page,
        rules=f"{begun.rules.title}, version {begun.rules.version}",
        refusal=refusal.sentence if refusal else None,
    )
    return shown, refusal.status if refusal else 200


def _groups(begun: Interview, counted: Mapping[str, Answer]) -> list[dict[str, Any]]:
    """Return the answers that count, in the order of the pages and under the titles of their sections."""
    groups = answer_groups(begun.rules, counted, without=frozenset(begun.known))
    for group in groups:
        for row in group["rows"]:
            row["href"] = f"{begun.page(row['key'])}?change=1"
    return groups


def answer_groups(
    rules: Agenda, answers: Mapping[str, Answer], *, without: frozenset[str] = frozenset()
) -> list[dict[str, Any]]:
    """Return *answers* as people read them, under the titles of their sections."""
    found = []
    for group in rules.groups:
        rows = [
            {"key": one.key, "label": one.text, "value": one.label(answers[one.key])}
            for one in rules.questions
            if one.section == group.key and one.key in answers and one.key not in without
        ]
        if rows:
            found.append({"title": group.title, "rows": rows})
    return found
