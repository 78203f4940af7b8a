"""A whole process in fifty lines: the contract tests play it, and one test drops it into a package of its own."""

import enum
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from compliance.authz import SYSTEM, Role, any_of
from compliance.engine.case import Case
from compliance.engine.definition import Action, Party, Stage, Workflow
from compliance.kernel.clock import business_days


class State(enum.StrEnum):
    ASKED = "asked"
    ANSWERED = "answered"
    LAPSED = "lapsed"


class Enquiry(Case):
    __tablename__ = "test_enquiry"
    __mapper_args__ = {"polymorphic_identity": "enquiry"}  # noqa: RUF012 - read by SQLAlchemy
    id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str]


class Ask(Form):
    topic = StringField("Topic", [InputRequired()])


workflow = Workflow(
    kind="enquiry",
    title="Enquiry",
    plural="enquiries",
    prefix="EN",
    model=Enquiry,
    states=State,
    start=State.ASKED,
    open_form=Ask,
    may_open=any_of(Role.HIRING_MANAGER),
    terms=("topic",),
    summary="A client asks the desk something, and has an answer within a day.",
    stages={
        State.ASKED: Stage(sentence="The desk has to answer.", waits_for=Party.REVIEWER, within=business_days(1)),
        State.ANSWERED: Stage(sentence="The desk has answered."),
        State.LAPSED: Stage(sentence="Nobody answered in time."),
    },
    actions=(
        Action("answer", "Answer", (State.ASKED,), State.ANSWERED, any_of(Role.REVIEWER)),
        Action("lapse", "Lapse", (State.ASKED,), State.LAPSED, SYSTEM, due=business_days(5)),
    ),
)
