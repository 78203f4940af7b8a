"""The blind second review: somebody who does not know how it was decided looks at what was decided, for calibration.

Countersign opens one for a share of all determinations. It never changes the determination that it looks at. Where the
two differ, both and every senior reviewer are told, and a third reviewer says what follows; to decide the case anew is
an act of its own, on that case.
"""

from __future__ import annotations

import enum
import uuid
from typing import Final

from sqlalchemy.orm import Mapped, mapped_column
from wtforms import Form, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import UUID, DataRequired, InputRequired, Length

from compliance.authz import SYSTEM, Role, any_of
from compliance.engine import blind
from compliance.engine.blind import DeterminationField, Looking
from compliance.engine.case import Case, of_case
from compliance.engine.definition import Action, Holder, Party, Stage, Tone, Workflow, choose
from compliance.engine.guards import holds_it, unclaimed
from compliance.engine.move import Move
from compliance.kernel.clock import business_days, calendar_days

OUTCOMES: Final = {
    "independent_contractor": "Independent contractor",
    "employee": "Employee",
    "not_engaged": "Cannot go on as it is",
}
REVIEWER: Final = any_of(Role.REVIEWER, Role.SENIOR_REVIEWER)
SENIOR: Final = any_of(Role.SENIOR_REVIEWER)


class State(enum.StrEnum):
    """Where a blind review stands."""

    WAITING = "waiting"
    AGREED = "agreed"
    DIFFERENT = "different"
    SETTLED = "settled"
    LAPSED = "lapsed"


class BlindReview(Case):
    """A blind second review. What it looks at and what was found lie with the platform."""

    __tablename__ = "blind_review"
    __mapper_args__ = {"polymorphic_identity": "blind_review"}  # noqa: RUF012 - SQLAlchemy reads this attribute from the class

    id: Mapped[uuid.UUID] = mapped_column(of_case(), primary_key=True)
    follows: Mapped[str] = mapped_column(default="")


class Draw(Form):
    """Which determination was drawn."""

    determination = DeterminationField("Determination", [InputRequired(), UUID("Name a determination by its id.")])


class Finding(Form):
    """What the second reviewer finds, and why."""

    outcome = RadioField(
        "What you find",
        [DataRequired("Choose what you find.")],
        choices=[SelectChoice(outcome, words) for outcome, words in OUTCOMES.items()],
    )
    grounds = TextAreaField(
        "Reasons",
        [DataRequired("Give your reasons."), Length(max=8000)],
        description="The desk reads them once you have answered. The parties never do.",
    )


class Note(Form):
    """What follows from the difference."""

    follows = TextAreaField(
        "What follows",
        [DataRequired("Say what follows."), Length(max=8000)],
        description="To have the case decided anew, open it and act there; this alone changes nothing of it.",
    )


def facts(move: Move) -> list[tuple[str, str]]:
    """Return what follows from a difference, for those who may see what was looked at."""
    review: BlindReview = move.case
    return [("What follows", review.follows)] if review.follows and blind.is_in_sight(move) else []


workflow = Workflow(
    kind="blind_review",
    title="Blind review",
    summary="A second reviewer, who does not know how it was decided, finds an outcome of their own; for calibration.",
    prefix="BR",
    model=BlindReview,
    states=State,
    start=State.WAITING,
    open_form=Draw,
    may_open=SYSTEM,
    open_guards=(blind.may_begin,),
    on_open=blind.begin,
    worked_by=REVIEWER,
    of_programme=True,
    facts=facts,
    looking=Looking(OUTCOMES),
    stages={
        State.WAITING: Stage(
            "Waiting for a second look",
            "A reviewer who had no part in it looks at it without knowing how it was decided.",
            Party.REVIEWER,
            Tone.PROGRESS,
            business_days(5),
            worker_sees=False,
        ),
        State.AGREED: Stage("Same outcome", "Both reviewers found the same.", tone=Tone.GOOD, worker_sees=False),
        State.DIFFERENT: Stage(
            "Different outcomes",
            "The two reviewers found different outcomes. A third looks at both and says what follows.",
            Party.SENIOR_REVIEWER,
            Tone.WAITING,
            business_days(5),
            worker_sees=False,
        ),
        State.SETTLED: Stage(
            "Difference looked at", "A third reviewer looked at both and said what follows.", worker_sees=False
        ),
        State.LAPSED: Stage("Lapsed", "Nobody looked at it within 60 days.", worker_sees=False),
    },
    actions=(
        Action(
            "claim",
            "Claim",
            (State.WAITING,),
            None,
            REVIEWER,
            guards=(unclaimed, blind.may_look),
            holder=Holder.TAKE,
            key="e",
        ),
        Action(
            "answer",
            "Give your finding",
            (State.WAITING,),
            choose((blind.differs, State.DIFFERENT), State.AGREED),
            REVIEWER,
            Finding,
            guards=(holds_it, blind.may_look),
            binds=True,
            opines=True,
            holder=Holder.RELEASE,
            tells=(blind.whom_it_concerns,),
            key="a",
        ),
        Action(
            "settle",
            "Say what follows",
            (State.DIFFERENT,),
            State.SETTLED,
            SENIOR,
            Note,
            guards=(blind.was_one_of_the_two,),
            key="s",
        ),
        Action("lapse", "Lapse", (State.WAITING,), State.LAPSED, SYSTEM, due=calendar_days(60)),
    ),
)
