"""Sample cases from published material: rows of a file, each brought by real actions to where it stands.

What becomes of a row stands in ``data/series.toml``: its terms, the journeys that fit what it led to, and what is
written into the form of each action.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from compliance.authz import Actor
from compliance.demo import interviews, rows
from compliance.engine import answering, drafts, prefill, run, sweeping
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session

DATA: Final = Path(__file__).parent / "data"
UNTIL_FIRST_DAY: Final = dt.timedelta(days=21)
LASTS: Final = dt.timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Journey:
    """One case to be made: its words, who plays which part, and the steps to where it stands."""

    kind: str
    words: Mapping[str, str]
    terms: Mapping[str, str]
    forms: Mapping[str, Mapping[str, str]]
    steps: tuple[str, ...]
    cast: Mapping[str, str]

    @property
    def days(self) -> int:
        """How long the journey takes."""
        return sum(int(step.split()[1]) for step in self.steps if step.startswith("wait "))


def load(actors: Mapping[str, Actor], emails: Mapping[str, str]) -> int:
    """Make every case of every series; return how many."""
    described = tomllib.loads((DATA / "series.toml").read_text(encoding="utf-8"))["series"]
    count = 0
    for series in described:
        for journey in _journeys(series, emails):
            _make(journey, actors)
            count += 1
    return count


def _journeys(series: dict[str, Any], emails: Mapping[str, str]) -> Iterator[Journey]:
    taken: dict[str, Iterator[list[str]]] = {}
    for number, row in enumerate(rows.of(DATA / series["file"], series)):
        words = {**row, "amount": str(800 + number * 131 % 1_600)}
        elsewhere = series.get("elsewhere", {}).get(words.get("place"), "{outcome}")
        chosen = elsewhere.format_map(words)
        ways = taken.setdefault(chosen, itertools.cycle(series["journeys"][chosen]))
        cast = {
            "client": series["clients"][number % len(series["clients"])],
            "freelancer": series["freelancers"][number % len(series["freelancers"])],
        }
        words["freelancer_email"] = emails[cast["freelancer"]]
        yield Journey(series["kind"], words, series["terms"], series["forms"], tuple(next(ways)), cast)


def _make(journey: Journey, actors: Mapping[str, Actor]) -> None:
    """Open the case as long ago as its journey takes, and walk."""
    day = clock.now() - dt.timedelta(days=journey.days)
    client, worker = actors[journey.cast["client"]], actors[journey.cast["freelancer"]]
    (grant,) = client.grants
    assert grant.organisation_id is not None  # noqa: S101 - a client belongs to an organisation
    terms = _terms(journey, day.date(), worker)
    with clock.pretend(day):
        opened = run.open_case(journey.kind, client, terms, organisation_id=grant.organisation_id, sample=True)
        session().commit()
    for step in journey.steps:
        who, what = step.split()
        if who == "wait":
            day = _wait(day, int(what))
            continue
        with clock.pretend(day):
            _act(journey, opened.case.reference, actors[journey.cast.get(who, who)], step, terms)


def _wait(day: dt.datetime, days: int) -> dt.datetime:
    """Let the days go by, with the deadlines that pass on each."""
    for _ in range(days):
        day += dt.timedelta(days=1)
        with clock.pretend(day):
            sweeping.sweep()
    return day


def _act(journey: Journey, reference: str, actor: Actor, step: str, terms: Mapping[str, str]) -> None:
    who_and_what, name = step, step.split()[1]
    case = run.find(journey.kind, reference, actor)
    workflow = registry().process(journey.kind, case.definition).workflow
    action = workflow.action(name)
    assert action is not None, f"{journey.kind} has no action {name}"  # noqa: S101 - the series names a real action
    form = journey.forms.get(who_and_what, journey.forms.get(name, {}))
    words = {**journey.words, "me": actor.name}
    given = {key: text.format_map(words) for key, text in form.items()}
    if name == answering.SEND:
        given["answers"] = interviews.fitting(case, actor, json.loads(given["answers"]))
    started_from = terms if action.form is workflow.open_form else prefill.drafts(case, workflow, action, actor)
    if action.prefill is not None:
        given[drafts.CONFIRMED] = "true"
    run.fire(journey.kind, reference, name, actor, {**started_from, **given}, seen=case.content_digest)
    session().commit()


def _terms(journey: Journey, opened: dt.date, worker: Actor) -> dict[str, str]:
    first = opened + UNTIL_FIRST_DAY
    return {
        **{name: text.format_map(journey.words) for name, text in journey.terms.items()},
        "freelancer": worker.name,
        "freelancer_email": journey.words["freelancer_email"],
        "starts_on": first.isoformat(),
        "ends_on": (first + LASTS).isoformat(),
    }
