"""Blind second looks at determinations of the sample, each opened, taken and answered by real actions.

The lot draws nothing of a sample, so here the system opens them for every so many. Who looks and what they find stands
in ``data/second_looks.toml``.
"""

from __future__ import annotations

import datetime as dt
import itertools
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from compliance.authz import STAFF, SYSTEM_ACTOR, Actor
from compliance.engine import run, sweeping
from compliance.engine.case import Case
from compliance.engine.determination import Determination
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import RoleGrant

DATA: Final = Path(__file__).parent / "data" / "second_looks.toml"
A_DAY: Final = dt.timedelta(days=1)


def load(actors: Mapping[str, Actor]) -> int:
    """Make every second look; return how many."""
    looks = _Looks(tomllib.loads(DATA.read_text(encoding="utf-8")), actors)
    in_vain, others = looks.chosen()
    for kept in in_vain:
        looks.open(kept)
    for kept in others:
        looks.look(looks.open(kept), kept)
    sweeping.sweep()
    return len(in_vain) + len(others)


class _Looks:
    """What is described, and by whom it is done."""

    def __init__(self, described: Mapping[str, Any], actors: Mapping[str, Actor]) -> None:
        self.kind: str = described["kind"]
        self.described, self.actors, self.now = described, actors, clock.now()
        self.findings, self.settled = itertools.cycle(described["findings"]), itertools.cycle((True, False))

    def chosen(self) -> tuple[Sequence[Determination], Sequence[Determination]]:
        """Return a determination that is looked at in vain, and those that somebody looks at."""
        by_desk = sa.select(RoleGrant.person_id).where(RoleGrant.role.in_([role.value for role in STAFF]))
        query = (
            sa.select(Determination)
            .join(Case, Case.id == Determination.case_id)
            .where(Case.sample, Determination.decided_by_id.in_(by_desk))
            .order_by(Determination.id)
        )
        found = session().scalars(query).all()
        long_ago = self.now - self.described["lapses_after_days"] * A_DAY
        in_vain = [one for one in found if one.decided_at < long_ago][:1]
        return in_vain, [one for one in found if one not in in_vain][:: self.described["one_of"]]

    def open(self, kept: Determination) -> str:
        """Open a second look as soon as *kept* was made; return its reference."""
        with clock.pretend(kept.decided_at):
            at = session().get_one(Case, kept.case_id).organisation_id
            of = {"determination": str(kept.id)}
            opened = run.open_case(self.kind, SYSTEM_ACTOR, of, organisation_id=at, sample=True)
            session().commit()
        return opened.case.reference

    def look(self, reference: str, kept: Determination) -> None:
        """Have it looked at a day later, or now, by whoever may; some wait still."""
        at, finding = min(kept.decided_at + A_DAY, self.now), next(self.findings)
        if finding == "nobody":
            return
        outcome = kept.outcome if finding == "same" else self.described["other"][kept.outcome]
        with clock.pretend(at):
            who = self.first_who_may(reference, "take", self.described["reviewers"], {})
            if who is None:
                return
            self.act(reference, "take", who, {})
            self.act(reference, "find", who, {"outcome": outcome, "grounds": self.described["words"][finding]})
        if outcome != kept.outcome and next(self.settled):
            with clock.pretend(min(at + A_DAY, self.now)):
                follows = {"follows": self.described["words"]["follows"]}
                third = self.first_who_may(reference, "settle", self.described["settle"], follows)
                if third is not None:
                    self.act(reference, "settle", third, follows)

    def first_who_may(self, reference: str, what: str, people: list[str], data: dict[str, str]) -> Actor | None:
        """Return the first of *people* to whom nothing refuses *what*."""
        case, action = run.find(self.kind, reference, SYSTEM_ACTOR), self.described["actions"][what]
        able = (self.actors[key] for key in people)
        return next((actor for actor in able if run.refusal(case, action, actor, data) is None), None)

    def act(self, reference: str, what: str, actor: Actor, data: dict[str, str]) -> None:
        """Do *what* as *actor*."""
        case = run.find(self.kind, reference, actor)
        run.fire(self.kind, reference, self.described["actions"][what], actor, data, seen=case.content_digest)
        session().commit()
