"""Every deadline that a process declares is set on entry, falls when its calendar says, fires once, and is settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
import time_machine

from compliance.engine import deadlines, sweeping
from compliance.engine.case import Case
from compliance.engine.definition import Moment, Workflow
from compliance.kernel import clock
from compliance.kernel.clock import BusinessDays, Elapsed, Term
from compliance.kernel.db import session
from tests.contract.conftest import MONDAY, STATES, kind_of
from tests.contract.journeys import Journeys
from tests.contract.play import Play

Ask = Callable[[str], Journeys]
LONDON = ZoneInfo("Europe/London")
# Entries whose terms run over Christmas, over the change to summer time, and over the 29th of February.
MOMENTS = {
    "an ordinary week": MONDAY,
    "Christmas": dt.datetime(2026, 12, 24, 16, 30, tzinfo=dt.UTC),
    "summer time": dt.datetime(2026, 3, 27, 12, 0, tzinfo=dt.UTC),
    "leap day": dt.datetime(2028, 2, 28, 10, 0, tzinfo=dt.UTC),
}
HOLIDAYS = {dt.date(2026, 12, 25), dt.date(2026, 12, 28), dt.date(2027, 1, 1), dt.date(2028, 1, 3)}
HOLIDAYS |= {dt.date(2026, 4, 3), dt.date(2026, 4, 6), dt.date(2026, 5, 4), dt.date(2026, 5, 25), dt.date(2026, 8, 31)}
HOLIDAYS |= {dt.date(2027, 3, 26), dt.date(2027, 3, 29), dt.date(2027, 5, 3), dt.date(2027, 5, 31)}
HOLIDAYS |= {dt.date(2027, 8, 30), dt.date(2027, 12, 27), dt.date(2027, 12, 28)}
HOLIDAYS |= {
    dt.date(2028, 4, 14),
    dt.date(2028, 4, 17),
    dt.date(2028, 5, 1),
    dt.date(2028, 5, 29),
    dt.date(2028, 8, 28),
}

in_every_state = pytest.mark.parametrize("workflow,state", STATES, ids=kind_of)
TIMED = [
    (workflow, state)
    for workflow, state in STATES
    if workflow.stage(state).within
    or workflow.stage(state).remind
    or any(action.due and state in action.sources for action in workflow.actions)
]


def declared(workflow: Workflow, state: str, case: Case) -> dict[str, Term | Moment]:
    """Return what *workflow* declares for *state*, as far as it applies to *case*."""
    stage = workflow.stage(state)
    found: dict[str, Term | Moment] = {
        f"act:{action.name}": action.due for action in workflow.actions if action.due and state in action.sources
    }
    found |= {"late": stage.within} if stage.within else {}
    found |= {f"remind:{number}": term for number, term in enumerate(stage.remind, start=1)}
    return {what: term for what, term in found.items() if not isinstance(term, Moment) or term(case)}


def is_worked(day: dt.date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS


def check(term: Term | Moment, entered: dt.datetime, due: dt.datetime, case: Case) -> None:
    """Hold *due* against what the term says, counted day by day by hand."""
    if isinstance(term, Moment):
        assert due == term(case)
    elif isinstance(term, Elapsed):
        assert due - entered == term.span
    else:
        assert isinstance(term, BusinessDays)
        start, end = entered.astimezone(LONDON), due.astimezone(LONDON)
        days = [start.date() + dt.timedelta(days=n) for n in range(1, (end.date() - start.date()).days + 1)]
        assert is_worked(end.date())
        if is_worked(start.date()):
            assert sum(map(is_worked, days)) == term.days
            assert end.time() == start.time()
        else:
            assert sum(map(is_worked, days)) == term.days + 1
            assert end.time() == dt.time(9)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("workflow,state", TIMED, ids=kind_of)
def test_deadlines_fall_when_the_calendar_says(
    workflow: Workflow, state: str, moment: str, play: Play, journeys: Ask
) -> None:
    play.traveller.move_to(MOMENTS[moment], tick=False)
    case = play.begin(journeys(workflow.kind).paths[state])
    terms = declared(workflow, state, case)
    found = {row.what: row.due_at for row in play.open_deadlines() if row.due_at != deadlines.NEVER}
    for what, due in found.items():
        check(terms[what], case.entered_at, due, case)
    service_level = found.get("late") or min((d for w, d in found.items() if w.startswith("act:")), default=None)
    assert case.due_at in {service_level, deadlines.NEVER}


@in_every_state
def test_each_state_has_the_deadlines_that_it_declares_and_none_of_the_states_before(
    workflow: Workflow, state: str, play: Play, journeys: Ask
) -> None:
    case = play.begin(journeys(workflow.kind).paths[state])
    rows = play.open_deadlines()
    assert {row.what for row in rows if row.due_at != deadlines.NEVER} == declared(workflow, state, case).keys()
    assert {row.entered_rev for row in rows} <= {case.entered_rev}


@pytest.mark.parametrize("workflow,state", TIMED, ids=kind_of)
def test_deadlines_fire_once_in_their_turn_and_no_second_sooner(
    workflow: Workflow, state: str, play: Play, journeys: Ask, monday: time_machine.Traveller
) -> None:
    case = play.begin(journeys(workflow.kind).paths[state])
    stay = case.entered_rev
    for what, due in [(row.what, row.due_at) for row in play.open_deadlines()]:
        if due == deadlines.NEVER or play.case.entered_rev != stay:
            break
        rev = play.case.audit_rev
        monday.move_to(max(due - dt.timedelta(seconds=1), clock.now()), tick=False)
        assert due <= clock.now() or sweeping.sweep() == 0, what
        monday.move_to(max(due, clock.now()), tick=False)
        assert sweeping.sweep() >= 1
        word = what.removeprefix("act:").partition(":")[0]
        assert word in play.words_after(rev)
        assert play.words_after(rev).count(word) == 1 or word == "remind"
        session().rollback()
        rev = play.case.audit_rev
        session().rollback()
        assert sweeping.sweep() == 0
        assert play.words_after(rev) == []
        session().rollback()
