"""Changes of rules on their pages: what would be different, what the test has shown, and where a version came from."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from compliance.authz import Actor, visible_to
from compliance.door import actor
from compliance.engine import replaying, rule_changing, run
from compliance.engine.case import Case
from compliance.engine.definition import Tone
from compliance.engine.determination import Determination
from compliance.engine.errors import NotFoundError
from compliance.engine.paging import BadCursorError
from compliance.engine.registry import Registry, registry
from compliance.engine.rule_changing import ChangesRules
from compliance.kernel.db import session
from compliance.kernel.ids import as_id
from compliance.people.organisations import PROGRAMME
from compliance.rules import decided, replay
from compliance.rules.applicable import STRICTEST_FIRST
from compliance.rules.errors import RuleSetError, UnknownRuleSetError
from compliance.rules.explained import OUTCOMES
from compliance.rules.replay import Changed, Moved
from compliance.rules.shelf import Edition
from compliance.rules.told import book
from compliance.web.addresses import case_href

PAGE_SIZE: Final = 25
MOST_DIFFERENCES: Final = 200
LONGEST_PARTY: Final = 60
VERDICTS: Final = {decided.AGREE: "As the court", decided.REVIEW: "Left to a person", decided.OPPOSITE: "The other way"}


def blueprint(processes: Registry) -> Blueprint:
    """Return the pages that list what a change of rules would change, of every process that changes rules."""
    made = Blueprint("rule_changes", __name__)
    for workflow in processes:
        if issubclass(workflow.model, ChangesRules):
            made.add_url_rule(
                f"/{workflow.plural}/<reference>/replay",
                workflow.kind,
                listing,
                methods=["GET"],
                defaults={"kind": workflow.kind},
            )
    return made


def listing(kind: str, reference: str) -> ResponseReturnValue:
    """List the past determinations that would be others under the proposed rules."""
    reader = actor()
    case = run.find(kind, reference, reader)
    if not isinstance(case, ChangesRules) or not case.replay or not replaying.is_finished(case.replay):
        raise NotFoundError("There is no list of past determinations: it was not asked for, is not ready, or is over.")
    after = _after(request.args.get("after", ""))
    found = replay.changed(replaying.shelf_of(case.replay), after, PAGE_SIZE + 1)
    last = found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None
    here = f"rule_changes.{kind}"
    return render_template(
        "cases/rule_replay.html",
        case=case,
        rows=_rows(found[:PAGE_SIZE], reader),
        next_href=url_for(here, reference=reference, after=f"{last.determination}.{last.party}") if last else None,
        first_href=url_for(here, reference=reference) if after else None,
        back=case_href(case),
    )


def choose_first() -> ResponseReturnValue:
    """Send whoever named no rule set to choose one."""
    flash("Choose the rule set that is to change; its page leads to the form.", Tone.NEUTRAL.value)
    return redirect(url_for("rules.listing"))


def panel(case: Case) -> dict[str, Any] | None:
    """Return what the page of a case that changes rules shows beside what every case does."""
    if not isinstance(case, ChangesRules):
        return None
    differences, before = _differences(case)
    return {
        "differences": differences[:MOST_DIFFERENCES] if differences is not None else None,
        "left_off": max(len(differences or ()) - MOST_DIFFERENCES, 0),
        "before": before,
        "proposed": case.new_version,
        "rules_href": url_for("rules.show", key=case.rule_set, version=before or None),
        "published_href": _published_href(case),
        "agreement": _agreement(case.agreement) if case.tested_digest else None,
        "moved": [{**one, **_words(one)} for one in case.agreement.get("moved", ())],
        "replay": _replay(case),
    }


def origin(edition: Edition, reader: Actor) -> dict[str, str] | None:
    """Return the case that a version came from, as far as *reader* may see it."""
    if edition.origin is None:
        return None
    found = session().scalar(sa.select(Case).where(Case.reference == edition.origin, visible_to(reader, Case)))
    return {"reference": found.reference, "title": found.title, "href": case_href(found)} if found else None


def proposing(reader: Actor, key: str) -> list[dict[str, str]]:
    """Return the ways in which *reader* may propose a change of a rule set."""
    return [
        {"label": "Propose a change", "href": url_for(f"cases.{workflow.kind}_opening", rule_set=key)}
        for workflow in registry()
        if issubclass(workflow.model, ChangesRules) and workflow.may_open.permits_in(reader, PROGRAMME, None)
    ]


def _differences(case: ChangesRules) -> tuple[list[book.Difference] | None, str]:
    """Return what is proposed to be different from the version before, and which that is; nothing for faulty rules."""
    try:
        before = rule_changing.basis(session(), case.proposal).edition.rules
    except UnknownRuleSetError:
        return None, ""
    try:
        return book.differences(before, rule_changing.checked(session(), case.proposal).rules), before.version
    except RuleSetError:
        return None, before.version


def _published_href(case: ChangesRules) -> str | None:
    from_here = rule_changing.published_by(session(), case)
    return url_for("rules.show", key=case.rule_set, version=case.new_version) if from_here else None


def _agreement(told: dict[str, Any]) -> list[list[str]]:
    return [
        [label, str(told["before"][word]), str(told["after"][word])]
        for word, label in VERDICTS.items()
        if told["cases"]
    ]


def _words(one: dict[str, str]) -> dict[str, str]:
    return {name: OUTCOMES[_outcome(one[name])] for name in ("decided", "before", "after")}


def _outcome(word: str) -> Any:  # noqa: ANN401 - a member of the enumeration, which is typed by its word
    return next(one for one in STRICTEST_FIRST if one == word)


def _replay(case: ChangesRules) -> dict[str, Any] | None:
    """Return where the replay stands, what it has counted, and where its list is."""
    if not case.tested_digest:
        return None
    if not case.replay:
        return {"none": True}
    ready = replaying.is_finished(case.replay)
    rows = [Moved(*one) for one in case.replayed]
    if not rows and ready:
        rows = replay.matrix(replaying.shelf_of(case.replay))
    changing = sum(one.findings for one in rows if one.old != one.new)
    return {
        "done": ready or bool(case.replayed),
        "progress": None if ready else rule_changing.progress(case),
        "rows": [[_word(one.old), _word(one.new), f"{one.findings:,}"] for one in rows],
        "total": sum(one.findings for one in rows),
        "changing": changing,
        "href": _list_href(case) if ready and changing else None,
    }


def _list_href(case: Any) -> str:  # noqa: ANN401 - a case that changes rules
    return url_for(f"rule_changes.{case.kind}", reference=case.reference)


def _word(found: str) -> str:
    """Return what rules found in words: a status by its name, an authority's result as it is."""
    return next((OUTCOMES[one] for one in STRICTEST_FIRST if one == found), found)


def _rows(found: list[Changed], reader: Actor) -> list[dict[str, Any]]:
    """Return what would change, each with its case where *reader* may see that."""
    ids = {one.determination: as_id(one.determination) for one in found}
    kept = sa.select(Determination, Case).join(Case, Case.id == Determination.case_id)
    query = kept.where(Determination.id.in_([one for one in ids.values() if one]), visible_to(reader, Case))
    known = {str(row[0].id): (row[0], row[1]) for row in session().execute(query)}
    return [_row(one, *known.get(one.determination, (None, None))) for one in found]


def _row(one: Changed, kept: Determination | None, case: Case | None) -> dict[str, Any]:
    return {
        "reference": case.reference if case else "A case out of your sight",
        "title": case.title if case else None,
        "href": url_for(f"determinations.{case.kind}", reference=case.reference, number=kept.number)
        if case and kept
        else None,
        "decided": kept.decided_at if kept else None,
        "party": one.party.replace("_", " ").capitalize(),
        "before": _word(one.old),
        "after": _word(one.new),
    }


def _after(text: str) -> Changed | None:
    if not text:
        return None
    determination, _, party = text[:200].partition(".")
    if as_id(determination) is None or not (party.isidentifier() and len(party) < LONGEST_PARTY):
        raise BadCursorError("This page address is damaged. Go back to the first page of the list.")
    return Changed(determination, party, "", "")
