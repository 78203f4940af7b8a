"""A small process with everything the engine offers: a decision, a deadline, a branch and an automatic step."""

import enum
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column
from wtforms import Form, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange

from compliance.authz import SYSTEM, Role, any_of
from compliance.engine.case import Case
from compliance.engine.definition import Action, Party, Stage, Workflow, choose
from compliance.engine.guards import holds_it, not_after, not_conflicted
from compliance.engine.move import Move
from compliance.kernel.clock import business_days, calendar_days


class State(enum.StrEnum):
    DRAFT = "draft"
    REVIEW = "review"
    SECOND = "second_review"
    GRANTED = "granted"
    ACTIVE = "active"
    LAPSED = "lapsed"


class Permit(Case):
    __tablename__ = "test_permit"
    __mapper_args__ = {"polymorphic_identity": "permit"}  # noqa: RUF012 - read by SQLAlchemy
    id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    size: Mapped[int] = mapped_column(default=0)


class Terms(Form):
    title = StringField("Title", [InputRequired()])
    size = IntegerField("Size", [InputRequired(), NumberRange(1, 1000)])


class Reasons(Form):
    reason = TextAreaField("Reason", [InputRequired("Give your reason.")])


reviewer = any_of(Role.REVIEWER)
own_work = not_after("open", "edit", sentence="You wrote this permit; somebody else decides on it.")


def is_small(move: Move) -> str | None:
    """Start nothing large without a word."""
    return None if move.case.size < 500 else "Too large to start by itself."


workflow = Workflow(
    kind="permit",
    title="Permit",
    summary="From a request to a permit that is in force.",
    prefix="PE",
    model=Permit,
    states=State,
    start=State.DRAFT,
    open_form=Terms,
    may_open=any_of(Role.HIRING_MANAGER, Role.REVIEWER),
    terms=("title", "size"),
    stages={
        State.DRAFT: Stage(sentence="It is being written.", waits_for=Party.CLIENT, staff_sees=False),
        State.REVIEW: Stage(
            sentence="A reviewer looks at it.",
            waits_for=Party.REVIEWER,
            within=business_days(1),
            remind=(calendar_days(3),),
        ),
        State.SECOND: Stage(sentence="It is large, so two look at it.", waits_for=Party.SENIOR_REVIEWER),
        State.GRANTED: Stage(sentence="It was granted."),
        State.ACTIVE: Stage(sentence="It is in force."),
        State.LAPSED: Stage(sentence="Nobody decided in time."),
    },
    actions=(
        Action("edit", "Edit", (State.DRAFT, State.REVIEW), State.DRAFT, any_of(Role.HIRING_MANAGER), Terms),
        Action(
            "submit",
            "Submit",
            (State.DRAFT,),
            choose((lambda move: move.case.size > 100, State.SECOND), State.REVIEW),
            any_of(Role.HIRING_MANAGER),
        ),
        Action(
            "grant",
            "Grant",
            (State.REVIEW, State.SECOND),
            State.GRANTED,
            reviewer,
            Reasons,
            guards=(not_conflicted, own_work, holds_it),
            binds=True,
        ),
        Action(
            "start",
            "Start",
            (State.GRANTED,),
            State.ACTIVE,
            SYSTEM,
            guards=(is_small,),
            auto=True,
        ),
        Action("lapse", "Lapse", (State.REVIEW, State.SECOND), State.LAPSED, SYSTEM, due=calendar_days(30)),
    ),
)
